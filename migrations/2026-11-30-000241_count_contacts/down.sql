UPDATE event_counters SET contacts = 0, counted_number = 0;
