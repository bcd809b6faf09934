/* Private: facts of devices as certificates carry them. */
#ifndef PKI_FACTS_H
#define PKI_FACTS_H

#include <wire/buf.h>

/* The content octets of the object identifier that `text` spells in dotted decimal (2 arcs or more,
 * each below 2^32); false when it spells none. */
bool hw_type_write(struct buf *b, struct bytes text);

#endif
