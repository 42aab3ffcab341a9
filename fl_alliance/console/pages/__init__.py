"""The pages, one file for each part of the console; what they ask of index and chain is in the files above."""
