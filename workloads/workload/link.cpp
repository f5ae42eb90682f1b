// The link phases: the other end of the wire at the system's network card answers. Nothing here sets up the
// card, and nothing is lost on this wire: what does not come back is a failure.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "workload.hpp"

namespace workload {
namespace {

constexpr uint16_t kEchoPort = 7, kHttpPort = 80;
constexpr size_t kDatagram = 64, kBlock = 16 * 1024;
constexpr size_t kAhead = 3 * kBlock;  // less than what the echo service keeps before it stops taking more
constexpr unsigned kFirstTries = 200;
constexpr long kFirstTryMicroseconds = 50'000, kMicroseconds = 5'000'000;

char block[kBlock];

int connected(int type, const char* peer, uint16_t port, int protocol = 0) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  const int result = socket(AF_INET, type, protocol);
  if (result < 0 || inet_pton(AF_INET, peer, &address.sin_addr) != 1 ||
      connect(result, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail(peer);
  return result;
}

void wait_at_most(int socket, long microseconds) {
  const timeval limit = {microseconds / 1'000'000, microseconds % 1'000'000};
  if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) fail("SO_RCVTIMEO");
}

void send_all(int socket, const char* bytes, size_t count) {
  if (send(socket, bytes, count, 0) != static_cast<ssize_t>(count)) fail("link: send");
}

void receive_all(int socket, char* bytes, size_t count) {
  if (recv(socket, bytes, count, MSG_WAITALL) != static_cast<ssize_t>(count)) fail("link: recv");
}

void fill(char* bytes, size_t count, unsigned number) {
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(i * 29 + number * 7);
}

/// Sends through the echo service and takes back what it answers, as a stream in both directions at once.
void echo_stream(const char* peer, size_t blocks, Hash& hash) {
  const int socket = connected(SOCK_STREAM, peer, kEchoPort);
  wait_at_most(socket, kMicroseconds);
  size_t sent = 0;
  for (size_t received = 0; received < blocks;) {
    if (sent < blocks && (sent - received) * kBlock < kAhead) {
      fill(block, kBlock, static_cast<unsigned>(sent++));
      send_all(socket, block, kBlock);
    } else {
      receive_all(socket, block, kBlock);
      hash.add(block, kBlock);
      ++received;
    }
  }
  close(socket);
}

/// Loads a file from the peer's web server, headers and all.
void load_file(const char* peer, size_t bytes, Hash& hash) {
  const int socket = connected(SOCK_STREAM, peer, kHttpPort);
  wait_at_most(socket, kMicroseconds);
  const int length = snprintf(block, kBlock, "GET /%zu HTTP/1.0\r\n\r\n", bytes);
  send_all(socket, block, static_cast<size_t>(length));
  size_t total = 0;
  for (ssize_t part = kBlock; part == static_cast<ssize_t>(kBlock); total += static_cast<size_t>(part)) {
    part = recv(socket, block, kBlock, MSG_WAITALL);
    if (part < 0) fail("link: recv");
    hash.add(block, static_cast<size_t>(part));
  }
  if (total < bytes) fail("link: the file is short");
  hash.add(total);
  close(socket);
}

}  // namespace

void wait_for_link(const char* peer) {
  const int socket = connected(SOCK_DGRAM, peer, kEchoPort);
  wait_at_most(socket, kFirstTryMicroseconds);
  char answer[kDatagram];
  for (unsigned i = 0; i < kFirstTries; ++i) {
    // What has been sent too early is lost; whether sending says so depends on the card.
    if (send(socket, block, kDatagram, 0) < 0) usleep(kFirstTryMicroseconds);
    if (recv(socket, answer, sizeof answer, 0) > 0) {
      close(socket);
      return;
    }
  }
  fail(peer);
}

uint64_t link_phase(const Size& size, const char* peer) {
  const int socket = connected(SOCK_DGRAM, peer, kEchoPort);
  wait_at_most(socket, kMicroseconds);
  Hash hash;
  char request[kDatagram], answer[kDatagram];
  for (unsigned i = 0; i < size.link_rounds; ++i) {
    fill(request, kDatagram, i);
    send_all(socket, request, kDatagram);
    receive_all(socket, answer, kDatagram);
    hash.add(answer, kDatagram);
  }
  close(socket);
  return hash.value();
}

uint64_t ping_phase(const Size& size, const char* peer) {
  constexpr size_t kHeader = 8, kData = 56;  // RFC 792; the system fills in checksum and identifier
  constexpr char kEchoRequest = 8;
  const int socket = connected(SOCK_DGRAM, peer, 0, IPPROTO_ICMP);
  wait_at_most(socket, kMicroseconds);
  Hash hash;
  char request[kHeader + kData] = {kEchoRequest}, answer[sizeof request];
  for (unsigned i = 0; i < size.link_rounds; ++i) {
    request[7] = static_cast<char>(i);  // the sequence number's low byte
    fill(request + kHeader, kData, i);
    send_all(socket, request, sizeof request);
    receive_all(socket, answer, sizeof answer);
    hash.add(answer + kHeader, kData);
  }
  close(socket);
  return hash.value();
}

uint64_t link_bulk_phase(const Size& size, const char* peer) {
  Hash hash;
  echo_stream(peer, size.link_kibibytes * size_t{1024} / kBlock, hash);
  load_file(peer, size.link_kibibytes * size_t{1024}, hash);
  return hash.value();
}

}  // namespace workload
