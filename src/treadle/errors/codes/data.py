"""E07xx: data files and columns."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E0701",
        "data file was not found",
        "Paths in a data block are relative to the spec file, or to the folder given with `--data`.",
        'csv("iris.csv")              # wrong when it is in data/\ncsv("data/iris.csv")         # right',
    ),
    CodeInfo(
        "E0702",
        "data file is damaged",
        "The file ends too early or does not begin as its format demands. Expected and found are shown; an "
        "interrupted download is the usual cause.",
        "fetch the file again and compare its size",
    ),
    CodeInfo(
        "E0703",
        "data has not the declared shape",
        "The model's input declares one shape, the column of the data has another.",
        "input image: [N, 1, 28, 28] with image = train.images of [60000, 784]        # wrong\n"
        "image = reshape(train.images, [N, 1, 28, 28])                                # right",
    ),
    CodeInfo(
        "E0704",
        "data has not the declared element type",
        "Columns are converted only where the spec says so.",
        "input x: [N, 64] with x = u8 bytes    # wrong\nx = cast(train.x, f32) / 255          # right",
    ),
    CodeInfo(
        "E0705",
        "unknown data source",
        "A data block reads with the functions listed in the hint.",
        'train = mnst("...")          # wrong',
    ),
    CodeInfo(
        "E0706",
        "column was not found",
        "The file or data set has no column or array of this name; those it has are listed.",
        "train.label                  # wrong when the file has `labels`",
    ),
    CodeInfo(
        "E0707",
        "columns have different lengths",
        "All columns of one split hold the same number of examples.",
        "images: 60000 rows, labels: 10000 rows    # wrong: train images with test labels",
    ),
    CodeInfo(
        "E0708",
        "split is empty",
        "A split has no examples left, so nothing can be trained or measured on it.",
        "split 1.0                    # wrong: nothing remains for the test\n"
        "split 0.8                    # right",
    ),
    CodeInfo(
        "E0709",
        "label is out of range",
        "A class number must lie between 0 and the number of classes less one.",
        "dense(9) for digits 0 to 9   # wrong\ndense(10)                    # right",
    ),
    CodeInfo(
        "E0710",
        "path is outside the allowed folders",
        "A spec reads only below its own folder and the folder given with `--data`.",
        'csv("/home/other/x.csv")     # wrong',
    ),
    CodeInfo(
        "E0711",
        "batch is larger than the data",
        "A training batch cannot hold more examples than the split has.",
        "batch 4096 with 1000 examples   # wrong",
    ),
    CodeInfo(
        "E0712",
        "value in the data is not a finite number",
        "A cell is empty, not a number, or infinite; row and column are shown.",
        "3.1,,0.2                     # wrong\n3.1,0.0,0.2                  # right",
    ),
)
