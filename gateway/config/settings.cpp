// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings.h"

namespace postern::config {

QByteArrayView toString(Setting setting) {
    switch (setting) {
    case Setting::QueueTtl:
        return "queue ttl";
    case Setting::MaxMessageSize:
        return "smtp max-message-size";
    case Setting::WarnInterval:
        return "bounce warn-interval";
    case Setting::QueueCompression:
        return "queue compression";
    case Setting::QueueEncryption:
        return "queue encryption";
    case Setting::QueueInterval:
        return "queue interval";
    case Setting::ServerName:
        return "hostname";
    case Setting::SessionLimit:
        return "smtp limit";
    case Setting::MtaLimit:
        return "mta limit";
    case Setting::MdaLimit:
        return "mda limit";
    case Setting::SchedulerLimit:
        return "scheduler limit";
    case Setting::MaxDeferred:
        return "mta max-deferred";
    case Setting::Ciphers:
        return "smtp ciphers";
    case Setting::Curve:
        return "curve";
    case Setting::SubAddressDelimiter:
        return "smtp sub-addr-delim";
    case Setting::Admd:
        return "admd";
    case Setting::MdaWrapper:
        return "mda wrapper";
    case Setting::SrsKey:
        return "srs key";
    case Setting::SrsBackupKey:
        return "srs key backup";
    case Setting::SrsTtl:
        return "srs ttl";
    }
    return "";
}

} // namespace postern::config
