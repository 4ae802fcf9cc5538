"""Training: optimizers, schedules, regularisation, normalisation."""

import math

from gallery.case import Case

CASES = {
    "cross_validation": Case(steps=30, below=math.log(3)),
    "early_stopping": Case(steps=30, below=math.log(10)),
    "gradient_descent": Case(steps=20),
    "gradient_flow": Case(steps=30, not_falling="one of its networks is made not to learn"),
    "group_rates": Case(steps=30),
    "hyperparameters": Case(steps=30, below=math.log(10)),
    "image_augmentation": Case(steps=30, below=math.log(10)),
    "label_smoothing": Case(steps=30, below=math.log(10)),
    "mixup": Case(steps=30),
    "normalisation": Case(steps=30, below=math.log(10)),
    "optimizers": Case(steps=40),
    "regularisation": Case(steps=30, below=math.log(10)),
    "saddle": Case(steps=20),
    "schedules": Case(steps=40, below=math.log(10)),
    "text_augmentation": Case(steps=40),
    "weight_average": Case(steps=30, below=math.log(10)),
}
