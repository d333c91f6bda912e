// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/queue_key.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstring>

namespace postern::queue {
namespace {

constexpr int kBlock = 16;

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* octets(QByteArrayView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* octets(QByteArray& bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

Error cipherFailed() {
    return Error{ErrorCode::Internal, "the cipher of the queue's encryption does not work on this computer"};
}

Error doesNotFit() {
    return Error{ErrorCode::Corrupt, "it is damaged, or was encrypted with another key"};
}

// Whole blocks, one by one: only for the derivation of keys.
bool encryptBlocks(QByteArrayView key, QByteArrayView plain, QByteArray& out) {
    const Context context(EVP_CIPHER_CTX_new());
    out.resize(plain.size());
    int n = 0;
    return context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_ecb(), nullptr, octets(key), nullptr) == 1 &&
           EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
           EVP_EncryptUpdate(context.get(), octets(out), &n, octets(plain), int(plain.size())) == 1 && n == plain.size();
}

// CMAC's first subkey: AES of zeros, doubled in GF(2^128).
Secret secondKey(QByteArrayView key) {
    QByteArray block;
    if (!encryptBlocks(key, QByteArray(kBlock, '\0'), block))
        return {};
    const bool carry = (uchar(block[0]) & 0x80) != 0;
    for (int i = 0; i < kBlock; ++i)
        block[i] = char((uchar(block[i]) << 1) | (i + 1 < kBlock ? uchar(block[i + 1]) >> 7 : 0));
    if (carry)
        block[kBlock - 1] = char(uchar(block[kBlock - 1]) ^ 0x87);
    return Secret(std::move(block));
}

} // namespace

Result<QByteArray> randomOctets(qsizetype n) {
    QByteArray out(n, Qt::Uninitialized);
    if (RAND_bytes(octets(out), int(n)) != 1)
        return Error{ErrorCode::Internal, "the system gives no random octets"};
    return out;
}

Result<QByteArray> gcmSeal(const DerivedKey& key, QByteArrayView nonce, QByteArrayView plain, QByteArrayView about) {
    const Context context(EVP_CIPHER_CTX_new());
    QByteArray out(plain.size() + QueueKey::kTag, Qt::Uninitialized);
    int n = 0, rest = 0;
    const bool done =
        context && nonce.size() == QueueKey::kNonce && key.octets.expose().size() == QueueKey::kOctets &&
        EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, octets(key.octets.expose()), octets(nonce)) == 1 &&
        EVP_EncryptUpdate(context.get(), nullptr, &n, octets(about), int(about.size())) == 1 &&
        EVP_EncryptUpdate(context.get(), octets(out), &n, octets(plain), int(plain.size())) == 1 && n == plain.size() &&
        EVP_EncryptFinal_ex(context.get(), octets(out) + n, &rest) == 1 && rest == 0 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, int(QueueKey::kTag), octets(out) + n) == 1;
    if (!done)
        return cipherFailed();
    return out;
}

Result<QByteArray> gcmOpen(const DerivedKey& key, QByteArrayView nonce, QByteArrayView sealed, QByteArrayView about) {
    if (sealed.size() < QueueKey::kTag || nonce.size() != QueueKey::kNonce ||
        key.octets.expose().size() != QueueKey::kOctets)
        return doesNotFit();
    const qsizetype size = sealed.size() - QueueKey::kTag;
    QByteArray tag = sealed.last(QueueKey::kTag).toByteArray();
    QByteArray out(size, Qt::Uninitialized);
    const Context context(EVP_CIPHER_CTX_new());
    int n = 0, rest = 0;
    const bool ready =
        context &&
        EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, octets(key.octets.expose()), octets(nonce)) == 1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &n, octets(about), int(about.size())) == 1 &&
        EVP_DecryptUpdate(context.get(), octets(out), &n, octets(sealed), int(size)) == 1 && n == size &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, int(QueueKey::kTag), tag.data()) == 1;
    if (!ready)
        return cipherFailed();
    if (EVP_DecryptFinal_ex(context.get(), octets(out) + n, &rest) != 1)
        return doesNotFit();
    return out;
}

Result<QueueKeyPtr> QueueKey::from(const Secret& characters) {
    const qsizetype n = characters.expose().size();
    if (n != kOctets)
        return Error{ErrorCode::Invalid,
                     "the key of the queue's encryption must be exactly 32 characters, this one has " + QByteArray::number(n),
                     Permanence::Permanent};
    return std::make_shared<const QueueKey>(characters);
}

QueueKey::QueueKey(const Secret& given) : m_octets(given), m_second(secondKey(m_octets.expose())) {
    QByteArray mac(EVP_MAX_MD_SIZE, '\0');
    unsigned int n = 0;
    constexpr QByteArrayView kPurpose("postern queue key id");
    HMAC(EVP_sha256(), m_octets.expose().data(), int(m_octets.expose().size()), octets(kPurpose), size_t(kPurpose.size()),
         octets(mac), &n);
    m_id = mac.left(8);
}

// Two blocks of AES over a counter, a label and the salt, as NIST SP 800-108 has it with CMAC.
Result<DerivedKey> QueueKey::derive(QByteArrayView salt) const {
    if (salt.size() != kSalt || m_second.expose().size() != kBlock)
        return cipherFailed();
    QByteArray blocks(2 * kBlock, '\0');
    for (int block = 0; block < 2; ++block) {
        char* at = blocks.data() + block * kBlock;
        at[1] = char(block + 1);
        at[2] = 'X';
        std::memcpy(at + 4, salt.data(), size_t(kSalt));
        for (int i = 0; i < kBlock; ++i)
            at[i] = char(uchar(at[i]) ^ uchar(m_second.expose()[i]));
    }
    QByteArray derived;
    if (!encryptBlocks(m_octets.expose(), blocks, derived))
        return cipherFailed();
    return DerivedKey{Secret(std::move(derived))};
}

Result<QByteArray> QueueKey::seal(QByteArrayView plain, QByteArrayView about) const {
    auto out = randomOctets(kSalt + kNonce);
    if (!out)
        return out;
    const auto key = derive(QByteArrayView(*out).first(kSalt));
    if (!key)
        return key.error();
    const auto sealed = gcmSeal(*key, QByteArrayView(*out).last(kNonce), plain, about);
    if (!sealed)
        return sealed;
    return *out + *sealed;
}

Result<QByteArray> QueueKey::open(QByteArrayView sealed, QByteArrayView about) const {
    if (sealed.size() < kSalt + kNonce + kTag)
        return doesNotFit();
    const auto key = derive(sealed.first(kSalt));
    if (!key)
        return key.error();
    return gcmOpen(*key, sealed.sliced(kSalt, kNonce), sealed.sliced(kSalt + kNonce), about);
}

} // namespace postern::queue
