"""What a CI job should fail on, found offline: one module for each group of rules, each rule a function."""
