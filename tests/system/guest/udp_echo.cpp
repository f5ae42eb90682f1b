// Sends datagrams of many sizes to the peer's echo port and compares what comes back. Status 0 if all came
// unchanged.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstring>

namespace {

bool echoes(int socket, unsigned bytes) {
  unsigned char sent[1472], received[1472];
  for (unsigned i = 0; i < bytes; ++i) sent[i] = static_cast<unsigned char>(i * 7 + bytes);
  if (send(socket, sent, bytes, 0) != static_cast<ssize_t>(bytes)) return false;
  return recv(socket, received, sizeof received, 0) == static_cast<ssize_t>(bytes) &&
         std::memcmp(sent, received, bytes) == 0;
}

}  // namespace

int main() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const timeval patience{2, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(7);
  peer.sin_addr.s_addr = htonl(0x0A00'0202);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0) return 1;
  for (unsigned bytes = 1; bytes <= 1472; bytes += 21)
    if (!echoes(fd, bytes)) return 1;
  return 0;
}
