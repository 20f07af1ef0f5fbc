"""Grading: a submission's answers are data, run in the machine by a child process that can be killed."""
