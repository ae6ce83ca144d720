DROP TABLE pulse, post, reconciliation, dial, mail_cursor, mailbox, attempt, delivery, lane, event;
