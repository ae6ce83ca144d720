DROP TABLE reconciliation;
DROP TABLE mail_cursor;
DROP TABLE mailbox;
DROP INDEX delivery_mail;
ALTER TABLE delivery DROP COLUMN mail_seq;
ALTER TABLE dial DROP COLUMN owner;
DROP INDEX event_merged;
DROP INDEX event_time;
ALTER TABLE event DROP COLUMN recovered;
