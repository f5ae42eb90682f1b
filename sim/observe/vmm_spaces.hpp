// Which host processes are virtual machine monitors: those in whose address space a guest was entered.
// Recognised from CR3 at guest entries alone, without help from the software. And what only a hypervisor
// knows.
#pragma once

#include <set>

#include "sim/base/types.hpp"
#include "sim/observe/domains.hpp"

namespace hvlab::observe {

/// The address spaces of one machine. An address space is the page that CR3 names (bits 51:12): what the rest
/// of CR3 says (PCID, or PWT and PCD) tells nobody apart.
///
/// A kernel that isolates its page tables runs a process in two spaces: the kernel's half, in which it enters
/// guests and which user mode never sees, and the user's. Linux puts the two tables into one pair of pages,
/// the user's into the odd one. So an odd page is its even neighbour's other half if the neighbour entered a
/// guest but was never seen in user mode.
///
/// A page that becomes another process' table after a monitor's end is still taken for the monitor's.
class VmmSpaces {
 public:
  /// A guest is entered while CR3 is `cr3`.
  void guest_entered(u64 cr3);

  /// User mode of the host begins or goes on while CR3 is `cr3`. True: it is a virtual machine monitor's.
  bool user_mode(u64 cr3);

  /// What a hypervisor says of itself by marks (docs/marks.md): that the virtual machine of the control block
  /// at physical address `block` is the management VM; that there is no kernel of a host.
  void set_management(u64 block, bool is) {
    is ? (void)management_.insert(block) : (void)management_.erase(block);
  }
  bool management(u64 block) const { return management_.contains(block); }
  void set_bare_hypervisor() { bare_hypervisor_ = true; }
  bool bare_hypervisor() const { return bare_hypervisor_; }

  /// The machine runs Xen: it has domains from here on.
  void set_xen() { xen_ = true, bare_hypervisor_ = true; }
  Domains* domains() { return xen_ ? &domains_ : nullptr; }

  /// Changes whenever an answer may have become another one.
  u64 version() const { return version_; }

 private:
  std::set<u64> entered_, user_, management_;
  Domains domains_;
  bool bare_hypervisor_ = false, xen_ = false;
  u64 version_ = 1;
};

/// One processor's way to ask: remembers the last answer, since CR3 seldom changes. Plain, copyable.
class VmmView {
 public:
  VmmView() = default;
  /// `spaces` may be null: then nobody is a monitor.
  explicit VmmView(VmmSpaces* spaces) : spaces_(spaces) {}

  void guest_entered(u64 cr3) {
    if (spaces_ == nullptr || (entered_ && entered_cr3_ == cr3)) return;
    entered_ = true;
    entered_cr3_ = cr3;
    spaces_->guest_entered(cr3);
  }
  void set_management(u64 block, bool is) const {
    if (spaces_ != nullptr) spaces_->set_management(block, is);
  }
  bool management(u64 block) const { return spaces_ != nullptr && spaces_->management(block); }
  void set_bare_hypervisor() const {
    if (spaces_ != nullptr) spaces_->set_bare_hypervisor();
  }
  bool bare_hypervisor() const { return spaces_ != nullptr && spaces_->bare_hypervisor(); }
  void set_xen() const {
    if (spaces_ != nullptr) spaces_->set_xen();
  }
  /// The domains, if the machine runs Xen; else null.
  Domains* domains() const { return spaces_ != nullptr ? spaces_->domains() : nullptr; }
  bool user_mode(u64 cr3) {
    if (spaces_ == nullptr) return false;
    if (cr3 != cr3_ || version_ != spaces_->version()) {
      monitor_ = spaces_->user_mode(cr3);
      cr3_ = cr3;
      version_ = spaces_->version();
    }
    return monitor_;
  }

 private:
  VmmSpaces* spaces_ = nullptr;
  u64 cr3_ = 0, version_ = 0, entered_cr3_ = 0;
  bool monitor_ = false, entered_ = false;
};

}  // namespace hvlab::observe
