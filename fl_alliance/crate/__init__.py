"""One archive of a run's evidence in the layout of RO-Crate 1.1; see README.md."""
