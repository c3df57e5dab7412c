"""How true the words are: real decisions, their explanations, mutants of them and paraphrases."""
