"""One run of explanations and answers with a real language model, recorded sentence by sentence."""
