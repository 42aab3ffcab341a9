"""The DAO at the command line: typed proposals, what their calls do in plain words, and where proposals stand."""
