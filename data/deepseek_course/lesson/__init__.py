"""What a lesson shows and keeps beside its exercises: charts, cards, the article, the brief, a learner's notes."""
