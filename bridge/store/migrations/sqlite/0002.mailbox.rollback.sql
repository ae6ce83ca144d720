DROP TABLE reconciliation;
DROP TABLE mail_cursor;
DROP TABLE mailbox;
DROP INDEX delivery_mail;
ALTER TABLE delivery DROP COLUMN mail_seq;
ALTER TABLE event DROP COLUMN recovered;
