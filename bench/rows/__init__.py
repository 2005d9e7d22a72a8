"""What is measured: a module a topic, a function a row or a few rows that share their runs."""
