// What the management machine does with pages that others have granted (interdomain/hypercalls.hpp). Whatever
// it names is checked; locks are taken inside.
#pragma once

#include "hv-models/driver-domain/domains.hpp"

namespace hvlab::driver_domain {

/// The page of grant `grant` of machine `of` appears in the management machine at its own address, which is
/// the result: its drivers can give that to a device. Else a CallError.
i64 map_page(Domain& of, u64 grant, bool write);
/// No longer, once no grant of the page is mapped; no processor remembers it then. 0 or a CallError.
i64 unmap_page(Domain& of, u64 grant);

/// Call::Grants: `count` pieces of work at `address`, each of which gets a result. 0, or a CallError if they
/// are not there.
i64 do_grant_work(Domain& caller, u64 address, u64 count);

/// Begins a use of a grant: the page's physical address, or a CallError. With the machine's lock.
i64 begin_use(Domain& of, u64 grant, bool write);

/// Exchange of pages, in two steps (exchange.cpp). After the first neither machine has its page any more: 0
/// or a CallError. When no processor remembers them, each gets the other's, the guest with nothing in it but
/// what the work says.
struct ExchangedPages {
  u64 at;      // in the guest
  u64 theirs;  // the guest's page, which the caller gets
  u64 ours;    // the caller's page, which the guest gets
};
i64 take_pages(Domain& caller, Domain& of, const interdomain::GrantWork& work, ExchangedPages& pages);
void give_pages(Domain& caller, Domain& of, const interdomain::GrantWork& work, const ExchangedPages& pages);

}  // namespace hvlab::driver_domain
