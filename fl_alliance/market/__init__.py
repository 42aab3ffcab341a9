"""The AI Arena with this package's workloads: what the commands of `fl-alliance arena` are made of."""
