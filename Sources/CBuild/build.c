#include "build.h"

const char *latexp_build_commit(void) { return LATEXP_COMMIT; }
