DROP INDEX delivery_trouble_of;
DROP INDEX delivery_waiting;
DROP INDEX event_user;
DROP INDEX event_to;
DROP INDEX event_from;
DROP TABLE console_code;
DROP TABLE console_session;
DROP TABLE console_user;
