"""What offices get wrong, planted on purpose: one defect a row, one a person, so that the answer key is exact."""
