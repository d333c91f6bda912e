// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any bytes as an envelope address: what is taken has one form, and that form is taken for the same.
#include "require.h"
#include "smtp/address.h"

using namespace postern;
using namespace postern::smtp;
using postern::test::require;

namespace {

void check(const QByteArray& text, AllowUtf8 utf8) {
    PathFault fault = PathFault::None;
    const Result<Address> address = parsePath(text, "default.test", utf8, &fault);
    if (!address) {
        require(fault != PathFault::None, "a refusal has a reason", text);
        return;
    }
    require(!address->domain().isEmpty() && !address->localPart().isEmpty(), "a path has both parts", text);
    require(utf8 == AllowUtf8::Yes || address->isAscii(), "no UTF-8 unless it is allowed", text);
    const QByteArray form = address->text();
    require(!form.contains('\r') && !form.contains('\n') && !form.contains('\0'), "an address is of one line", form);
    const Result<Address> again = parsePath(form, "other.test", utf8);
    require(again && *again == *address, "the canonical form is itself", form);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    const QByteArray text = postern::test::bytesOf(data, size);
    check(text, AllowUtf8::No);
    check(text, AllowUtf8::Yes);
    (void)parseAddress(text);
    return 0;
}
