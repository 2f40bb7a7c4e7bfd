"""Questions as data: one declaration gives the sentence, the form, the address, the saved question and its answer."""
