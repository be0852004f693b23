"""A trained model as one folder that can be given away: classifier, encoders, settings, and a card."""
