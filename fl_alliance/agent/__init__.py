"""The smart agent: plain words to one token action, proposed by a model and decided by guards outside it."""
