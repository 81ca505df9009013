"""Pre-training of models of several modalities: masks, contrasts, queues, slow copies."""
