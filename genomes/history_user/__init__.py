"""LSTM networks that read their own input history; the class is in `networks`."""
