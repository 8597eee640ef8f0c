#include "model/Error.h"
#include "model/tensor_io/FeatureStore.h"
#include "model/tensor_io/SafetensorsFile.h"
#include "model/tensor_io/WholeFile.h"

#include <torch/torch.h>

#include <QTemporaryDir>
#include <QtTest>

#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <thread>

using namespace tagalign::model;
using namespace tagalign::model::tensor_io;

namespace {

namespace fs = std::filesystem;

/// A safetensors file by hand. @param json with ' for ". @param length what the header says of
/// itself; -1 = the truth.
std::string bytesOf(std::string json, std::size_t dataBytes, std::int64_t length = -1)
{
    std::replace(json.begin(), json.end(), '\'', '"');
    const auto said = std::uint64_t(length < 0 ? std::int64_t(json.size()) : length);
    std::string bytes;
    for (int i = 0; i < 8; ++i) {
        bytes.push_back(char((said >> (8 * i)) & 255U));
    }
    return bytes + json + std::string(dataBytes, 'x');
}

void writeBytes(const fs::path& file, const std::string& bytes)
{
    std::ofstream(file, std::ios::binary) << bytes;
}

std::string readBytes(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::size_t filesIn(const fs::path& folder)
{
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
}

const std::string kHash = "0123456789abcdef0123456789abcdef";

ImageFeatures features(float value)
{
    return {torch::full({6, 4}, value, torch::kHalf), torch::full({3}, value, torch::kHalf), 2, 3};
}

const std::vector<torch::Dtype> kTypes{
    torch::kBool,  torch::kUInt8,   torch::kInt8,     torch::kInt16,   torch::kInt32,
    torch::kInt64, torch::kFloat16, torch::kBFloat16, torch::kFloat32, torch::kFloat64};

} // namespace

class TestTensorIo : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    [[nodiscard]] fs::path path(const std::string& name) const
    {
        return fs::path(m_folder.path().toStdString()) / name;
    }

private Q_SLOTS:

    void everyTypeComesBack()
    {
        NamedTensors tensors;
        for (const torch::Dtype type : kTypes) {
            tensors.emplace_back(torch::toString(type),
                                 torch::arange(6).reshape({2, 3}).t().to(type));
        }
        tensors.emplace_back("scalar", torch::tensor(7.0F));
        tensors.emplace_back("none", torch::empty({0, 5}));
        writeSafetensors(path("all"), tensors, {{"who", "me"}});
        torch::Tensor outlives;
        {
            const SafetensorsFile file(path("all"));
            QCOMPARE(file.names().size(), tensors.size());
            QCOMPARE(file.metadata().at("who"), std::string("me"));
            for (const auto& [name, tensor] : tensors) {
                QVERIFY(file.tensor(name).scalar_type() == tensor.scalar_type());
                QVERIFY2(torch::equal(file.tensor(name), tensor), name.c_str());
            }
            outlives = file.tensor("scalar");
            QVERIFY_EXCEPTION_THROWN((void)file.tensor("missing"), FormatError);
        }
        QCOMPARE(outlives.item<float>(), 7.0F);
        const std::string first = readBytes(path("all"));
        std::reverse(tensors.begin(), tensors.end());
        writeSafetensors(path("all"), tensors, {{"who", "me"}});
        QVERIFY(first == readBytes(path("all")));
    }

    void readsThePeersFile()
    {
        const SafetensorsFile file(TAGALIGN_SOURCE_DIR "/tests/data/tensor_io/peer.safetensors");
        const std::vector<std::string> names{"bool", "u8",  "i8",   "i16", "i32",
                                             "i64",  "f16", "bf16", "f32", "f64"};
        QCOMPARE(file.names().size(), names.size());
        QCOMPARE(file.metadata().at("made by"), std::string("safetensors"));
        for (std::size_t i = 0; i < names.size(); ++i) {
            const torch::Tensor tensor = file.tensor(names[i]);
            QVERIFY(tensor.scalar_type() == kTypes[i]);
            QVERIFY2(torch::equal(tensor, torch::arange(6).reshape({2, 3}).to(kTypes[i])),
                     names[i].c_str());
        }
    }

    void misalignedIsCopied()
    {
        std::string json = "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},"
                           "'b':{'dtype':'F32','shape':[1],'data_offsets':[1,5]}}";
        json.resize((json.size() + 7) / 8 * 8, ' ');
        writeBytes(path("odd"), bytesOf(json, 5));
        const torch::Tensor b = SafetensorsFile(path("odd")).tensor("b");
        QCOMPARE(reinterpret_cast<std::uintptr_t>(b.data_ptr()) % 4, std::uintptr_t(0));
        QCOMPARE(b.view(torch::kInt32).item<std::int32_t>(), 0x78787878);
    }

    void refuses_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("reason");
        const auto row = [](const char* name, const std::string& bytes, const char* reason) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << QString(reason);
        };
        const auto one = [](const std::string& dtype, const std::string& shape,
                            const std::string& offsets) {
            return "{'w':{'dtype':'" + dtype + "','shape':" + shape + ",'data_offsets':" + offsets +
                   "}}";
        };
        row("empty", "", "too short");
        row("seven bytes", "1234567", "too short");
        row("header past the end", bytesOf("{}", 0, 3), "cut off");
        row("header of 2^63", bytesOf("{}", 0, std::numeric_limits<std::int64_t>::max()),
            "cut off");
        row("not JSON", bytesOf("{'w':", 0), "not a JSON object");
        row("an array", bytesOf("[]", 0), "not a JSON object");
        row("deep", bytesOf("{'w':[[[[[[1]]]]]]}", 0), "nested too deeply");
        row("entry no object", bytesOf("{'w':3}", 0), "\"w\"");
        row("metadata no text", bytesOf("{'__metadata__':{'a':1}}", 0), "__metadata__");
        row("unknown dtype", bytesOf(one("F33", "[1]", "[0,4]"), 4), "unknown dtype \"F33\"");
        row("negative side", bytesOf(one("F32", "[-1]", "[0,4]"), 4), "shape");
        row("fraction", bytesOf(one("F32", "[1.5]", "[0,4]"), 4), "shape");
        row("huge side", bytesOf(one("U8", "[18446744073709551615]", "[0,4]"), 4),
            "more than fits");
        row("overflow", bytesOf(one("U8", "[4294967296,4294967296]", "[0,0]"), 0), "overflows");
        row("overflow behind 0",
            bytesOf(one("U8", "[0,4611686018427387904,4611686018427387904]", "[0,0]"), 0),
            "overflows");
        row("wrong size", bytesOf(one("F32", "[2]", "[0,4]"), 4), "needs 8 bytes");
        row("reversed", bytesOf(one("F32", "[1]", "[4,0]"), 4), "bytes 4 to 0");
        row("beyond the end", bytesOf(one("F32", "[2]", "[0,8]"), 4), "bytes 0 to 8");
        row("three offsets", bytesOf(one("F32", "[1]", "[0,4,8]"), 4), "data_offsets");
        row("gap before", bytesOf(one("F32", "[1]", "[4,8]"), 8), "gap");
        row("rest", bytesOf(one("F32", "[1]", "[0,4]"), 5), "1 bytes after its last tensor");
        row("overlap",
            bytesOf("{'a':{'dtype':'U8','shape':[3],'data_offsets':[0,3]},"
                    "'b':{'dtype':'U8','shape':[3],'data_offsets':[2,5]}}",
                    5),
            "overlaps");
        row("twice",
            bytesOf("{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},"
                    "'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}}",
                    1),
            "\"a\" twice");
    }

    void refuses()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, reason);
        writeBytes(path("bad.safetensors"), bytes.toStdString());
        try {
            const SafetensorsFile file(path("bad.safetensors"));
            QFAIL("accepted");
        } catch (const FormatError& error) {
            const QString message = error.what();
            QVERIFY2(message.contains("bad.safetensors") && message.contains(reason), error.what());
        }
    }

    void refusesWhatCannotBeWritten()
    {
        QVERIFY_EXCEPTION_THROWN(SafetensorsFile(path("missing")), Error);
        QVERIFY_EXCEPTION_THROWN(SafetensorsFile(m_folder.path().toStdString()), Error);
        const auto one = torch::ones({1});
        QVERIFY_EXCEPTION_THROWN(writeSafetensors(path("w"), {{"a", one}, {"a", one}}), Error);
        QVERIFY_EXCEPTION_THROWN(writeSafetensors(path("w"), {{"__metadata__", one}}), Error);
        QVERIFY_EXCEPTION_THROWN(
            writeSafetensors(path("w"), {{"c", torch::ones({1}, torch::kComplexFloat)}}), Error);
        QVERIFY_EXCEPTION_THROWN(writeSafetensors(path("no/such/folder"), {{"a", one}}), Error);
        QVERIFY(!fs::exists(path("w")));
    }

    void storeKeepsAndReplaces()
    {
        const FeatureStore store(path("store"), "model a/v-v/224");
        QVERIFY(!store.contains(kHash));
        store.put(kHash, features(1.0F));
        store.put(kHash, features(2.0F));
        const auto found = store.get(kHash);
        QVERIFY(found && found->rows == 2 && found->columns == 3);
        QVERIFY(torch::equal(found->tokens, features(2.0F).tokens));
        QVERIFY(torch::equal(found->global, features(2.0F).global));
        QCOMPARE(filesIn(path("store")), std::size_t(1));
        QVERIFY(!FeatureStore(path("store"), "another").contains(kHash));
        // The same folder name, another key.
        QVERIFY(!FeatureStore(path("store"), "model a/v-v_224").contains(kHash));
    }

    void storeNeverReadsDamage()
    {
        const FeatureStore store(path("damage"), "key");
        store.put(kHash, features(1.0F));
        const fs::path file = path("damage") / "key" / "01" / (kHash + ".safetensors");
        const std::string whole = readBytes(file);
        for (std::size_t size = 0; size < whole.size(); size += 7) {
            writeBytes(file, whole.substr(0, size));
            QVERIFY(!store.get(kHash));
        }
        writeSafetensors(file, {{"tokens", torch::ones({6, 4})}, {"global", torch::ones({3})}},
                         {{"key", "key"}, {"rows", "2"}, {"columns", "3"}});
        QVERIFY2(!store.get(kHash), "float32 is foreign");
        store.put(kHash, features(3.0F));
        QVERIFY(store.get(kHash).has_value());
    }

    void storeRefuses()
    {
        const FeatureStore store(path("refuse"), "key");
        for (const char* hash :
             {"", "../../../etc/passwd", "0123456", "0123456789ABCDEF", "01234567/../89abcdef"}) {
            QVERIFY_EXCEPTION_THROWN((void)store.get(hash), RangeError);
            QVERIFY_EXCEPTION_THROWN(store.put(hash, features(1.0F)), RangeError);
        }
        ImageFeatures wrong = features(1.0F);
        wrong.rows = 5;
        QVERIFY_EXCEPTION_THROWN(store.put(kHash, wrong), ShapeError);
    }

    /// A limit on file sizes fails a write in the middle as a full disk does.
    void fullDiskLeavesNothing()
    {
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit old = {};
        QCOMPARE(getrlimit(RLIMIT_FSIZE, &old), 0);
        const rlimit small = {100, old.rlim_max};
        const FeatureStore store(path("full"), "key");
        QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
        QString message;
        try {
            store.put(kHash, features(1.0F));
        } catch (const Error& error) {
            message = error.what();
        }
        QCOMPARE(setrlimit(RLIMIT_FSIZE, &old), 0);
        QVERIFY2(message.contains(QString::fromStdString(kHash)), qPrintable(message));
        QVERIFY2(message.contains("free disk space"), qPrintable(message));
        QCOMPARE(filesIn(path("full")), std::size_t(0));
        QVERIFY(!store.contains(kHash));
    }

    void foldersAreMade()
    {
        makeFolder(path("one/two"));
        makeFolder(path("one/two"));
        QVERIFY(fs::is_directory(path("one/two")));
        writeWholeText(path("one/two/text"), "");
        writeWholeText(path("one/two/text"), "a text");
        QCOMPARE(readBytes(path("one/two/text")), std::string("a text"));
        try {
            makeFolder(path("one/two/text/three"));
            QFAIL("a file holds no folders");
        } catch (const Error& error) {
            QVERIFY(QString(error.what()).contains("text/three: the folder cannot be made"));
        }
    }

    void threadsWriteDifferentImages()
    {
        const FeatureStore store(path("threads"), "key");
        const auto hashOf = [](int i) { return "abcdef" + std::to_string(1000 + i); };
        std::vector<std::thread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&, thread] {
                for (int i = 0; i < 25; ++i) {
                    store.put(hashOf(thread * 25 + i), features(float(thread)));
                }
            });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        for (int i = 0; i < 100; ++i) {
            const auto found = store.get(hashOf(i));
            QVERIFY(found && found->global[0].item<float>() == float(i / 25));
        }
    }
};

QTEST_APPLESS_MAIN(TestTensorIo)
#include "tst_tensor_io.moc"
