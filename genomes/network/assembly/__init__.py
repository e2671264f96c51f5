"""Networks in parts, one per output, and children as edits of them.

parts       weighted sums of inputs and of units, one per output
edits       single changes of a part, and the rows at which each changes the output
offspring   children of parents, and their genes
edited      a batch of children: the parents once, and an edit per child and output
rounds      improvement by lessons: many rounds of edits, judged where they change something
"""
