// The network phase: request and response, then bulk, over UDP on the loopback interface, with another
// process.
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workload.hpp"

namespace workload {
namespace {

constexpr size_t kBulk = kBulkDatagram;

// Inside a fresh network namespace, and after a boot without network scripts, the loopback interface is down.
void bring_up_loopback() {
  const int control = socket(AF_INET, SOCK_DGRAM, 0);
  if (control < 0) fail("socket");
  ifreq request{};
  strcpy(request.ifr_name, "lo");
  if (ioctl(control, SIOCGIFFLAGS, &request) != 0) fail("lo");
  if ((request.ifr_flags & IFF_UP) == 0) {
    request.ifr_flags |= IFF_UP;
    if (ioctl(control, SIOCSIFFLAGS, &request) != 0) fail("lo");
  }
  close(control);
}

// Another instance may just be bringing the interface up: Linux says that it is before it has given it its
// address.
bool bind_when_ready(int socket, const sockaddr_in& address) {
  constexpr unsigned kTries = 1000, kMicroseconds = 1000;
  for (unsigned i = 0; i < kTries; ++i) {
    if (bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
    if (errno != EADDRNOTAVAIL) return false;
    usleep(kMicroseconds);
  }
  return false;
}

// A port of the system's choice, so that instances of this program can run side by side.
int bound_socket(uint16_t& port) {
  const int result = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (result < 0 || !bind_when_ready(result, address) ||
      getsockname(result, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    fail("bind");
  port = ntohs(address.sin_port);
  return result;
}

void connect_to(int from, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (connect(from, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
}

// Answers each datagram with its first 64 bytes, the first of them counted up; an empty one ends it.
[[noreturn]] void serve(int server) {
  static char buffer[kBulk];
  for (;;) {
    const ssize_t length = recv(server, buffer, sizeof buffer, 0);
    if (length <= 0) _exit(length == 0 ? 0 : 1);
    ++buffer[0];
    if (send(server, buffer, 64, 0) != 64) _exit(1);
  }
}

void exchange(int client, char* buffer, size_t bytes, unsigned count, Hash& hash) {
  char answer[64];
  for (unsigned i = 0; i < count; ++i) {
    buffer[0] = static_cast<char>(i);
    buffer[1] = static_cast<char>(i >> 8);
    if (send(client, buffer, bytes, 0) != static_cast<ssize_t>(bytes)) fail("send");
    if (recv(client, answer, sizeof answer, 0) != 64) fail("recv");
    hash.add(answer, sizeof answer);
  }
}

}  // namespace

uint64_t network_phase(const Size& size) {
  static char buffer[kBulk];
  bring_up_loopback();
  uint16_t server_port = 0, client_port = 0;
  const int server = bound_socket(server_port), client = bound_socket(client_port);
  connect_to(server, client_port);
  connect_to(client, server_port);
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) serve(server);
  Hash hash;
  for (size_t i = 0; i < kBulk; ++i) buffer[i] = static_cast<char>(i * 31);
  exchange(client, buffer, 64, size.datagrams, hash);
  exchange(client, buffer, kBulk, size.bulk_kibibytes * 1024 / kBulk, hash);
  int status = 1;
  if (send(client, buffer, 0, 0) != 0 || waitpid(child, &status, 0) != child || status != 0) fail("server");
  close(client);
  close(server);
  return hash.value();
}

}  // namespace workload
