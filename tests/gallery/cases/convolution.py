"""Convolutional networks."""

import math

from gallery.case import Case

TEN = math.log(10)

CASES = {
    "lenet": Case(steps=30, below=TEN),
    "small_cnn_fashion": Case(steps=20, below=TEN),
    "alexnet": Case(steps=20),
    "vgg": Case(steps=20),
    "googlenet": Case(steps=16, below=2 * TEN),
    "resnet": Case(steps=12),
    "densenet": Case(steps=8),
    "squeezenet": Case(steps=20),
    "mobilenet": Case(steps=12),
    "text_cnn": Case(steps=20),
    "cam": Case(steps=20, below=TEN),
    "depthwise_conv": Case(steps=20),
    "dilated_conv": Case(steps=16),
    "fcn_segmentation": Case(steps=12),
    "grad_cam": Case(steps=20, below=TEN),
    "locally_connected": Case(steps=30, below=TEN),
    "pointwise_conv": Case(steps=20),
    "rcnn_mini": Case(steps=12, no_gradient="the second stage takes proposals as they are"),
    "saliency": Case(steps=20, below=TEN),
    "time_delay_net": Case(steps=20),
    "transfer_learning": Case(steps=16),
    "yolo_mini": Case(steps=12),
}
