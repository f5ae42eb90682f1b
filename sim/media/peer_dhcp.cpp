// The peer's DHCP server (RFC 2131, options RFC 2132): one lease, always the same.
#include <algorithm>

#include "sim/media/peer_udp.hpp"

namespace hvlab::media {
namespace {

constexpr size_t kOptions = 240;  // after the fixed fields and the magic cookie
constexpr u32 kCookie = 0x6382'5363;
constexpr u8 kDiscover = 1, kOffer = 2, kRequest = 3, kAck = 5, kNak = 6;
constexpr u8 kOptionMask = 1, kOptionRouter = 3, kOptionRequested = 50, kOptionLease = 51, kOptionType = 53,
             kOptionServer = 54, kOptionEnd = 255;

/// The value of option `code`; empty if it is not there.
View find_option(View options, u8 code) {
  for (size_t at = 0; at < options.size() && options[at] != kOptionEnd;) {
    if (options[at] == 0) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size() || at + 2 + options[at + 1] > options.size()) break;
    if (options[at] == code) return options.subspan(at + 2, options[at + 1]);
    at += 2u + options[at + 1];
  }
  return {};
}

void put_option(Bytes& to, u8 code, u32 value) {
  to.push_back(code);
  to.push_back(4);
  put32(to, value);
}

/// What an answer to message type `type` is: 0 for none.
u8 answer_type(u8 type, View message, const PeerAddresses& addresses) {
  const View options = message.subspan(kOptions);
  if (type == kDiscover) return kOffer;
  if (type != kRequest) return 0;
  const View server = find_option(options, kOptionServer);
  if (server.size() == 4 && get32(server, 0) != addresses.address) return 0;  // another server was chosen
  const View wanted = find_option(options, kOptionRequested);
  const Ipv4Address address = wanted.size() == 4 ? get32(wanted, 0) : get32(message, 12);
  return address == addresses.guest ? kAck : kNak;
}

}  // namespace

std::optional<Bytes> dhcp_answer(View message, const PeerAddresses& addresses) {
  if (message.size() < kOptions || message[0] != 1 || get32(message, 236) != kCookie) return std::nullopt;
  const View type = find_option(message.subspan(kOptions), kOptionType);
  const u8 answer = type.size() == 1 ? answer_type(type[0], message, addresses) : u8{0};
  if (answer == 0) return std::nullopt;
  Bytes reply(message.begin(), message.begin() + 44);  // hardware type, xid, flags, client hardware address
  reply[0] = 2;
  reply[3] = 0;
  std::fill(reply.begin() + 12, reply.begin() + 28, u8{0});
  if (answer != kNak) {
    set16(reply, 16, addresses.guest >> 16);
    set16(reply, 18, addresses.guest & 0xffff);
  }
  reply.resize(236);  // no server name, no boot file
  put32(reply, kCookie);
  put(reply, std::array<u8, 3>{kOptionType, 1, answer});
  put_option(reply, kOptionServer, addresses.address);
  if (answer != kNak) {
    put_option(reply, kOptionLease, 86'400);
    put_option(reply, kOptionMask, addresses.mask);
    put_option(reply, kOptionRouter, addresses.address);
  }
  reply.push_back(kOptionEnd);
  reply.resize(std::max<size_t>(reply.size(), 300));  // BOOTP's shortest message (RFC 1542, 2.1)
  return reply;
}

}  // namespace hvlab::media
