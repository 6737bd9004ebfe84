"""CRM: finds who belongs to a phone number, through one adapter to one CRM system.

Owns nothing: the CRM system does. Listens to no subject and publishes none.
Offers `CrmService` (FindContacts).
"""
