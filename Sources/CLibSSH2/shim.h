#ifndef LATEXP_CLIBSSH2_SHIM_H
#define LATEXP_CLIBSSH2_SHIM_H
#include <libssh2.h>
#endif
