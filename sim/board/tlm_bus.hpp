// The board's bus in TLM-2.0: an address decoder per space, and the adapter that makes any bank of registers
// a target.
#pragma once

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <memory>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/board/address_map.hpp"
#include "sim/ports/register_target.hpp"

namespace hvlab::board {

/// How often a device's registers were accessed.
struct AccessCount {
  u64 reads = 0;
  u64 writes = 0;
};

/// A bank of registers as a TLM target: a transaction's address is the offset in the bank.
class TargetAdapter final : public sc_core::sc_module {
 public:
  TargetAdapter(sc_core::sc_module_name name, RegisterTarget& registers, AccessCount& count);

  tlm_utils::simple_target_socket<TargetAdapter> socket{"socket"};

 private:
  void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);

  RegisterTarget& registers_;
  AccessCount& count_;
};

/// Hands a transaction to the target that answers its address, or to the subtractive one, which sees whole
/// addresses, or ends it with an address error. An access across the end of a range is done byte by byte, as
/// a bridge to narrower devices does it.
class AddressDecoder final : public sc_core::sc_module {
 public:
  explicit AddressDecoder(sc_core::sc_module_name name);

  /// Connects `registers` at `first` .. `first + size - 1`; several ranges may lead to one bank, each
  /// starting at `offset` in it. Aborts on overlaps: the board's own layout is wrong then. Before the
  /// simulation starts.
  void connect(const std::string& name, u64 first, u64 size, RegisterTarget& registers, AccessCount& count,
               u64 offset = 0);
  /// Connects what answers where nobody else does.
  void connect_rest(const std::string& name, RegisterTarget& registers, AccessCount& count);

  tlm_utils::simple_target_socket<AddressDecoder> socket{"socket"};

 private:
  void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
  void split(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
  unsigned attach(const std::string& name, RegisterTarget& registers, AccessCount& count);

  struct Window {
    unsigned socket;
    u64 base;  // subtracted from the address
  };

  tlm_utils::multi_passthrough_initiator_socket<AddressDecoder, 32, tlm::tlm_base_protocol_types, 0,
                                                sc_core::SC_ZERO_OR_MORE_BOUND>
      targets_{"targets"};
  std::vector<std::unique_ptr<TargetAdapter>> adapters_;
  std::vector<Window> windows_;
  AddressMap map_;
  unsigned rest_ = AddressMap::kNobody;
};

/// What puts accesses on a decoder; one transaction object serves them all.
class BusInitiator final : public sc_core::sc_module {
 public:
  BusInitiator(sc_core::sc_module_name name, AddressDecoder& decoder);

  /// `size` is 1 to 8. What nobody answers reads as all ones in `size` bytes.
  u64 read(u64 address, unsigned size);
  void write(u64 address, unsigned size, u64 value);

 private:
  bool transport(tlm::tlm_command command, u64 address, unsigned size, u64& value);

  tlm_utils::simple_initiator_socket<BusInitiator> socket_{"socket"};
  tlm::tlm_generic_payload transaction_;
};

}  // namespace hvlab::board
