"""Evolution strategies over the weights of HistoryUsers; `engine` has the class."""
