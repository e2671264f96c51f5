"""Evolution strategies for the weights of HistoryUsers; `engine` has the class."""
