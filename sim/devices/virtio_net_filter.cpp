#include "sim/devices/virtio_net_filter.hpp"

#include <algorithm>

namespace hvlab::devices {

using namespace virtio::net;

namespace {

constexpr size_t kAddressBytes = 6, kMostAddresses = 64;
constexpr u16 kVlanType = 0x8100;  // IEEE 802.1Q, 9.6

bool is_broadcast(std::span<const u8> address) {
  return std::ranges::all_of(address, [](u8 byte) { return byte == 0xff; });
}

/// The next list of a table command: a count (le32), then addresses. False if `data` is shorter than it
/// says.
bool take_list(std::span<const u8>& data, std::span<const u8>& addresses) {
  if (data.size() < 4) return false;
  const u64 count = data[0] | u32{data[1]} << 8 | u32{data[2]} << 16 | u32{data[3]} << 24;
  if (count * kAddressBytes > data.size() - 4) return false;
  addresses = data.subspan(4, count * kAddressBytes);
  data = data.subspan(4 + addresses.size());
  return true;
}

}  // namespace

bool VirtioNetFilter::Table::has(std::span<const u8> address) const {
  return all || std::ranges::any_of(
                    addresses, [&](const MacBytes& entry) { return std::ranges::equal(entry, address); });
}

bool VirtioNetFilter::obey(u8 command_class, u8 command, std::span<const u8> data, u64 features) {
  const bool modes = (features & kReceiveMode) != 0;
  if (command_class == kClassReceive) return set_mode(command, data, features);
  if (command_class == kClassVlan) return (features & kVlanFilter) != 0 && set_vlan(command, data);
  if (command_class != kClassMac) return false;
  if (command == kMacTable) return modes && set_table(data);
  if (command != kMacAddress || (features & kSetMac) == 0 || data.size() != kAddressBytes) return false;
  std::ranges::copy(data, mac_.begin());
  return true;
}

bool VirtioNetFilter::set_mode(u8 command, std::span<const u8> data, u64 features) {
  const u64 needed = command <= kAllMulticast ? kReceiveMode : kReceiveModeExtra;
  if (command >= kReceiveCommands || (features & needed) == 0 || data.size() != 1) return false;
  modes_[command] = data[0] != 0;
  return true;
}

/// Unicast addresses, then multicast ones; they replace those of the command before.
bool VirtioNetFilter::set_table(std::span<const u8> data) {
  std::span<const u8> lists[2];
  if (!take_list(data, lists[0]) || !take_list(data, lists[1]) || !data.empty()) return false;
  for (Table* table : {&unicast_, &multicast_}) {
    std::span<const u8> list = lists[table == &unicast_ ? 0 : 1];
    table->addresses.clear();
    table->all = list.size() > kMostAddresses * kAddressBytes;
    for (; !table->all && !list.empty(); list = list.subspan(kAddressBytes))
      std::copy_n(list.begin(), kAddressBytes, table->addresses.emplace_back().begin());
  }
  return true;
}

bool VirtioNetFilter::set_vlan(u8 command, std::span<const u8> data) {
  if (command > kVlanRemove || data.size() != 2) return false;
  const u32 id = data[0] | u32{data[1]} << 8;
  if (id >= vlans_.size()) return false;
  vlans_[id] = command == kVlanAdd;
  return true;
}

bool VirtioNetFilter::accepts(std::span<const u8> frame, u64 features) const {
  const bool filters = (features & kReceiveMode) != 0;
  // "All incoming packets", before whatever else is set (5.1.6.5.1).
  if (filters && modes_[kPromiscuous]) return true;
  const bool tagged = frame.size() >= 16 && (frame[12] << 8 | frame[13]) == kVlanType;
  if (tagged && (features & kVlanFilter) != 0 && !vlans_[(frame[14] & 15u) << 8 | frame[15]]) return false;
  return !filters || accepts_address(frame.first(kAddressBytes));
}

bool VirtioNetFilter::accepts_address(std::span<const u8> address) const {
  if (is_broadcast(address)) return !modes_[kNoBroadcast];
  if ((address[0] & 1) != 0)
    return !modes_[kNoMulticast] && (modes_[kAllMulticast] || multicast_.has(address));
  if (modes_[kNoUnicast]) return false;
  return modes_[kAllUnicast] || std::ranges::equal(mac_, address) || unicast_.has(address);
}

}  // namespace hvlab::devices
