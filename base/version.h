/* Which facet this is. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define FACET_VERSION "0.1.0"

#endif
