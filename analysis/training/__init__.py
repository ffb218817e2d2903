"""`nmsim train`: a training run on the command line, what it costs on machines, and how it differs."""
