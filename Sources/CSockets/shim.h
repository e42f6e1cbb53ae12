#ifndef LATEXP_CSOCKETS_SHIM_H
#define LATEXP_CSOCKETS_SHIM_H
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#endif
