"""Images of the user's own, a folder for each class."""

from pathlib import Path

from workloads.tasks.pictures import Pictures
from workloads.tasks.readers.image_folder import read_images


class UserImages(Pictures):
    """Every fifth image of a class is held out."""

    name = "images"
    summary = "images of your own, a folder for each class"
    reads = "a folder with a folder of .png, .jpg or .npy images for each class"

    def __init__(self, path: Path) -> None:
        trained, held, classes = read_images(path)
        super().__init__(trained, held, classes=classes)
