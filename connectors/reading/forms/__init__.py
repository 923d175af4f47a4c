"""The registration form 附件1 filled in, on sheets or in Word: labels and values, ticks, the household table, as records."""
