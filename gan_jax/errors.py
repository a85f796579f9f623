"""The exceptions that the command line turns into one line of help."""


class UserError(Exception):
    """Something the user can mend: names the file or key, what was expected and what to do."""


class FullDisk(UserError):
    """A file could not be written for want of space; there may be some later."""
