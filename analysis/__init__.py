"""What it means: the command line, tables and figures over traces and reports."""
