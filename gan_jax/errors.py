"""The one exception that the command line turns into one line of help."""


class UserError(Exception):
    """Something the user can mend: names the file or key, what was expected and what to do."""
