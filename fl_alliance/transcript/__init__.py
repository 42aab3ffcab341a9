"""Transcripts: for every round a file that says all that happened in it, named by its digest; see README.md."""
