#include "hv-models/devices/network_switch.hpp"

namespace hvlab::devices {
namespace {

constexpr size_t kHeaderBytes = 14;

u64 read_address(const u8* at) {
  u64 address = 0;
  for (unsigned i = 0; i < 6; ++i) address |= u64{at[i]} << (8 * i);
  return address;
}

bool is_group(u64 address) { return (address & 1) != 0; }  // broadcast and multicast

}  // namespace

void NetworkSwitch::connect(unsigned port) { ports_ |= 1u << port; }

void NetworkSwitch::disconnect(unsigned port) {
  ports_ &= ~(1u << port);
  for (unsigned i = 0; i < count_;) {
    if (entries_[i].port == port) {
      entries_[i] = entries_[--count_];
    } else {
      ++i;
    }
  }
  oldest_ = 0;
}

NetworkSwitch::Entry* NetworkSwitch::find(u64 address) {
  for (unsigned i = 0; i < count_; ++i) {
    if (entries_[i].address == address) return &entries_[i];
  }
  return nullptr;
}

void NetworkSwitch::learn(u64 address, unsigned port) {
  if (address == 0 || is_group(address)) return;  // no sender's address
  if (Entry* known = find(address); known != nullptr) {
    known->port = port;
  } else if (count_ < kAddresses) {
    entries_[count_++] = {address, port};
  } else {
    entries_[oldest_] = {address, port};
    oldest_ = (oldest_ + 1) % kAddresses;
  }
}

u32 NetworkSwitch::forward(unsigned port, const u8* frame, size_t bytes) {
  if (bytes < kHeaderBytes || !is_connected(port)) return 0;
  learn(read_address(frame + 6), port);
  const u64 to = read_address(frame);
  const u32 others = ports_ & ~(1u << port);
  const Entry* known = is_group(to) ? nullptr : find(to);
  return known != nullptr ? others & 1u << known->port : others;
}

}  // namespace hvlab::devices
