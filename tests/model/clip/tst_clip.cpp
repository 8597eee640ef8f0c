#include "model/Error.h"
#include "model/clip/ClipBench.h"
#include "model/clip/ClipEncoder.h"
#include "model/clip/ClipModel.h"
#include "model/clip/ClipWeights.h"
#include "model/clip/Device.h"
#include "model/clip/ParameterShapes.h"
#include "model/clip/PatchStream.h"

#include <nlohmann/json.hpp>

#include <QElapsedTimer>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sys/resource.h>

namespace fs = std::filesystem;
using namespace tagalign::model;
using namespace tagalign::model::clip;
using tensor_io::SafetensorsFile;

namespace {

/// Global embeddings after normalisation, what the project promises.
constexpr double kEmbeddingTolerance = 1e-4;
/// Last hidden state, in fp32; activations here are of the order 1 to 10.
constexpr double kHiddenTolerance = 1e-3;

const fs::path kGolden = fs::path(TAGALIGN_SOURCE_DIR) / "tests/data/clip";
const fs::path kOfficial = fs::path(TAGALIGN_SHARED_DATA) / "official_method";
const QString kScript = QStringLiteral(TAGALIGN_SOURCE_DIR "/tests/golden/clip.py");

constexpr std::array kCheckpoints = {"hf-p32-quick", "hf-p16-gelu-bf16", "hf-p14-sharded-fp16",
                                     "oc-p32-gelu",  "oc-p16-quick",     "oc-p14-custom",
                                     "siglip-p8",    "siglip-p14-uneven"};

double largestDifference(const torch::Tensor& a, const torch::Tensor& b)
{
    if (a.sizes() != b.sizes()) {
        return std::numeric_limits<double>::infinity();
    }
    return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
}

double smallestCosine(const torch::Tensor& a, const torch::Tensor& b)
{
    return torch::cosine_similarity(a.flatten(0, -2).to(torch::kFloat64),
                                    b.flatten(0, -2).to(torch::kFloat64), 1)
        .min()
        .item<double>();
}

torch::Tensor unit(const torch::Tensor& rows)
{
    return torch::nn::functional::normalize(rows.to(torch::kFloat32),
                                            torch::nn::functional::NormalizeFuncOptions().dim(-1));
}

std::string messageOf(const std::function<void()>& action)
{
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

void writeText(const fs::path& file, const std::string& text)
{
    std::ofstream(file, std::ios::binary) << text;
}

std::string readText(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// The golden pixels of a checkpoint, without what lies beyond the last whole patch.
torch::Tensor wholePatches(const torch::Tensor& pixels, const VisionConfig& vision)
{
    const std::int64_t side = vision.gridSide() * vision.patchSize;
    return pixels.slice(2, 0, side).slice(3, 0, side).contiguous();
}

ClipConfig tinyConfig()
{
    ClipConfig config;
    static_cast<TowerConfig&>(config.vision) = {
        .width = 32, .layers = 2, .heads = 2, .mlpWidth = 64};
    config.vision.patchSize = 8;
    config.vision.imageSize = 32;
    static_cast<TowerConfig&>(config.text) = {.width = 24, .layers = 2, .heads = 2, .mlpWidth = 48};
    config.text.vocabularySize = 40;
    config.text.contextLength = 10;
    config.embedDim = 16;
    return config;
}

ClipConfig tinySigLip()
{
    ClipConfig config = tinyConfig();
    config.family = Family::SigLip;
    config.framing = Framing::Squash;
    config.vision.activation = Activation::TanhGelu;
    config.text.activation = Activation::TanhGelu;
    config.embedDim = config.vision.width;
    return config;
}

QString peerPython()
{
    return qEnvironmentVariable("TAGALIGN_PEER_PYTHON");
}

/// @return what the script printed if it failed, else nothing.
QString runScript(const QStringList& arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(peerPython(), QStringList{kScript} + arguments);
    if (!process.waitForFinished(600'000) || process.exitCode() != 0) {
        return QStringLiteral("%1 %2").arg(process.errorString(),
                                           QString::fromUtf8(process.readAll()));
    }
    return {};
}

/// Compares a checkpoint with expected.safetensors beside it; says what differs, if anything.
QString compareWithLibrary(const fs::path& folder)
{
    const torch::NoGradGuard noGrad;
    ClipModel model = loadClip(folder);
    const SafetensorsFile expected(folder / "expected.safetensors");
    const torch::Tensor pixels = wholePatches(expected.tensor("pixels"), model->config().vision);
    const VisionOutput vision = model->encodeImage(pixels, PatchPath::Plain);
    const torch::Tensor ids = expected.tensor("ids");
    const bool isSigLip = model->config().family == Family::SigLip;
    const torch::Tensor image = unit(vision.global);
    const torch::Tensor text = unit(model->encodeText(ids));
    std::vector<std::tuple<std::string, torch::Tensor, double>> ours = {
        {"image", image, kEmbeddingTolerance},
        {"last_hidden",
         isSigLip ? model->visual->ln_post->forward(vision.lastHidden) : vision.lastHidden,
         kHiddenTolerance},
        {"text", text, kEmbeddingTolerance}};
    if (isSigLip) {
        const torch::Tensor logits =
            model->logitScale() * torch::matmul(text, image.t()) + model->logit_bias;
        ours.emplace_back("logits", logits, kHiddenTolerance);
    }
    if (expected.contains("text_hidden")) {
        ours.emplace_back("text_hidden", model->textHidden(ids), kHiddenTolerance);
    }
    if (expected.contains("wide_image")) {
        ours.emplace_back(
            "wide_image",
            unit(model->encodeImage(expected.tensor("wide_pixels"), PatchPath::Plain).global),
            kEmbeddingTolerance);
    }
    QString differences;
    for (const auto& [name, tensor, tolerance] : ours) {
        const double distance = largestDifference(tensor, expected.tensor(name));
        qInfo("%s: %s differs by at most %.2e", folder.filename().c_str(), name.c_str(), distance);
        if (!(distance <= tolerance)) {
            differences += QStringLiteral("%1 differs by %2; ")
                               .arg(QString::fromStdString(name))
                               .arg(distance);
        }
    }
    return differences;
}

} // namespace

class TestClip : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void initTestCase()
    {
        (void)loadCuda(); // before the first seed
        torch::manual_seed(1);
    }

    void agreesWithTheLibraries_data();
    void agreesWithTheLibraries();

    void bfloat16KeepsTheDirection_data() { agreesWithTheLibraries_data(); }

    void bfloat16KeepsTheDirection();
    void bfloat16KeepsTheDirectionAtFullSize_data();
    void bfloat16KeepsTheDirectionAtFullSize();
    void configurationIsReadWhole();
    void patchPathsAgreeWithTheLibraries_data();
    void patchPathsAgreeWithTheLibraries();
    void selfValuePathAgreesWithTheOfficialMethod();
    void valuePathIsTheLastBlocksProjection();
    void selfQueryKeyPathAddsBothAttentions();
    void neighbourPathFavoursWhatIsNear_data();
    void neighbourPathFavoursWhatIsNear();
    void selfValuePathStartsAtTheFirstOfFewBlocks();
    void otherSizesInterpolateThePositions();
    void textIsCausal();
    void sigLipTextIsReadAtItsLastPosition();
    void sigLipDefaultsAreThoseOfTransformers();
    void sigLipRefusals_data();
    void sigLipRefusals();
    void tinyClipNamesAreRead_data();
    void tinyClipNamesAreRead();
    void tinyClipConfigurationIsRead();
    void gradientsReachEveryParameter_data();
    void gradientsReachEveryParameter();
    void encoderAgreesWithTheModel_data();
    void encoderAgreesWithTheModel();

    void gpuEncoderAgreesWithTheCpu_data() { encoderAgreesWithTheModel_data(); }

    void gpuEncoderAgreesWithTheCpu();
    void benchMeasuresEveryPrecision();
    void savedModelLoadsTheSame_data();
    void savedModelLoadsTheSame();
    void refusals();

    void shapesAreKnownBeforeAModelIsMade_data() { agreesWithTheLibraries_data(); }

    void shapesAreKnownBeforeAModelIsMade();
    void sizesAreComparedBeforeMemoryIsTaken_data();
    void sizesAreComparedBeforeMemoryIsTaken();
    void weightsThatAreNoneAreRefused_data();
    void weightsThatAreNoneAreRefused();
    void openClipRefusals_data();
    void openClipRefusals();
    void preparationIsRefused_data();
    void preparationIsRefused();
    void usualPreparationsAreRead();
    void fullDiskIsTold();
    void shapesAreChecked();
    void devicesAreNamed();
    void transformersReadsWhatIsSaved();
    void transformersReadsTheStarter();
    void fullSizeAgreesWithTheLibraries();
};

void TestClip::agreesWithTheLibraries_data()
{
    QTest::addColumn<QString>("folder");
    for (const char* name : kCheckpoints) {
        QTest::newRow(name) << QString::fromStdString((kGolden / name).string());
    }
}

void TestClip::agreesWithTheLibraries()
{
    QFETCH(QString, folder);
    QCOMPARE(compareWithLibrary(folder.toStdString()), QString());
}

void TestClip::bfloat16KeepsTheDirection()
{
    QFETCH(QString, folder);
    const torch::NoGradGuard noGrad;
    ClipModel model = loadClip(folder.toStdString());
    const SafetensorsFile expected(fs::path(folder.toStdString()) / "expected.safetensors");
    model->to(torch::kBFloat16);
    const torch::Tensor pixels =
        wholePatches(expected.tensor("pixels"), model->config().vision).to(torch::kBFloat16);
    const torch::Tensor image = model->encodeImage(pixels, PatchPath::Plain).global;
    const torch::Tensor text = model->encodeText(expected.tensor("ids"));
    QVERIFY2(smallestCosine(image, expected.tensor("image")) >= 0.999,
             qPrintable(QString::number(smallestCosine(image, expected.tensor("image")))));
    QVERIFY2(smallestCosine(text, expected.tensor("text")) >= 0.999,
             qPrintable(QString::number(smallestCosine(text, expected.tensor("text")))));
}

void TestClip::bfloat16KeepsTheDirectionAtFullSize_data()
{
    QTest::addColumn<int>("path");
    QTest::newRow("plain") << int(PatchPath::Plain);
    QTest::newRow("self-value") << int(PatchPath::SelfValue);
}

/// ViT-B/16, twelve blocks deep: where rounding adds up.
void TestClip::bfloat16KeepsTheDirectionAtFullSize()
{
    QFETCH(int, path);
    const torch::NoGradGuard noGrad;
    ClipConfig config = vitB16Config();
    config.text.layers = 1; // not looked at
    ClipModel model(config);
    const torch::Tensor pixels = torch::randn({1, 3, 224, 224});
    const auto encoded = [&](Precision precision) {
        return ClipEncoder(model, {.precision = precision}).encodeImage(pixels, PatchPath(path));
    };
    const VisionOutput exact = encoded(Precision::Float32);
    const VisionOutput half = encoded(Precision::BFloat16);
    const double global = smallestCosine(half.global, exact.global);
    const double tokens = smallestCosine(half.tokens, exact.tokens);
    qInfo("smallest cosine: global vector %.6f, tokens %.6f", global, tokens);
    QVERIFY(global >= 0.999);
    QVERIFY(tokens >= 0.999);
}

void TestClip::configurationIsReadWhole()
{
    const ClipConfig hf = readClipConfig(kGolden / "hf-p16-gelu-bf16");
    QCOMPARE(hf.vision.patchSize, 16);
    QCOMPARE(hf.vision.layers, 3);
    QCOMPARE(hf.vision.width, 32);
    QCOMPARE(hf.text.mlpWidth, 60);
    QVERIFY(hf.vision.activation == Activation::Gelu);
    QCOMPARE(hf.text.endTokenId.value(), 59);
    QCOMPARE(hf.embedDim, 24);
    QCOMPARE(hf.mean[0], 0.48145466);

    const ClipConfig legacy = readClipConfig(kGolden / "hf-p32-quick");
    QVERIFY(!legacy.text.endTokenId.has_value());

    const ClipConfig openClip = readClipConfig(kGolden / "oc-p16-quick");
    QVERIFY(openClip.text.activation == Activation::QuickGelu);
    QCOMPARE(openClip.vision.heads, 2);
    QCOMPARE(openClip.mean[2], 0.3);
    QCOMPARE(openClip.deviation[0], 0.2);
}

void TestClip::patchPathsAgreeWithTheLibraries_data()
{
    QTest::addColumn<QString>("folder");
    QTest::addColumn<int>("path");
    QTest::addColumn<QString>("tensor");
    const std::pair<const char*, PatchPath> paths[] = {{"value", PatchPath::Value},
                                                       {"self_value", PatchPath::SelfValue},
                                                       {"self_query_key", PatchPath::SelfQueryKey}};
    for (const char* name : kCheckpoints) {
        for (const auto& [tensor, path] : paths) {
            QTest::addRow("%s %s", name, tensor)
                << QString::fromStdString((kGolden / name).string()) << int(path) << tensor;
        }
    }
}

void TestClip::patchPathsAgreeWithTheLibraries()
{
    QFETCH(QString, folder);
    QFETCH(int, path);
    QFETCH(QString, tensor);
    const torch::NoGradGuard noGrad;
    const fs::path golden = folder.toStdString();
    ClipModel model = loadClip(golden);
    const torch::Tensor pixels = wholePatches(
        SafetensorsFile(golden / "expected.safetensors").tensor("pixels"), model->config().vision);
    const SafetensorsFile paths(golden / "paths.safetensors");
    const torch::Tensor expected = paths.tensor(tensor.toStdString());
    const torch::Tensor tokens = model->encodeImage(pixels, PatchPath(path)).tokens;
    QVERIFY(largestDifference(tokens, expected) <= kHiddenTolerance);
    const torch::Tensor projected = unit(model->projectTokens(tokens));
    QVERIFY(largestDifference(projected, unit(model->projectTokens(expected))) <=
            kEmbeddingTolerance);
    const std::string joint = tensor.toStdString() + "_projected";
    if (paths.contains(joint)) { // SigLIP: by the library's own pooling
        const double distance = largestDifference(projected, paths.tensor(joint));
        qInfo("%s differs by at most %.2e", joint.c_str(), distance);
        QVERIFY(distance <= kEmbeddingTolerance);
    }
}

void TestClip::selfValuePathAgreesWithTheOfficialMethod()
{
    if (!fs::exists(kOfficial / "weights.safetensors")) {
        QSKIP("the official method's case is not on this machine (shared/data/official_method)");
    }
    const torch::NoGradGuard noGrad;
    ClipConfig config = tinyConfig();
    static_cast<TowerConfig&>(config.vision) = {
        .width = 64, .layers = 8, .heads = 4, .mlpWidth = 256};
    config.vision.patchSize = 16;
    config.vision.imageSize = 112;
    config.embedDim = 24;
    ClipModel model(config);
    loadWeights(model, ClipWeights::ofFile(kOfficial / "weights.safetensors"), Towers::VisionOnly);
    const SafetensorsFile expected(kOfficial / "expected.safetensors");
    const VisionOutput out = model->encodeImage(expected.tensor("image"), PatchPath::SelfValue);
    const torch::Tensor dense = torch::cat({out.lastHidden.slice(1, 0, 1), out.tokens}, 1);
    QVERIFY(largestDifference(dense, expected.tensor("dense_tokens")) <= 1e-4);
    QVERIFY(largestDifference(model->projectTokens(out.tokens),
                              expected.tensor("frozen_patches")) <= 1e-4);
    QCOMPARE(out.rows, 7);
    QCOMPARE(out.columns, 7);
}

void TestClip::valuePathIsTheLastBlocksProjection()
{
    const torch::NoGradGuard noGrad;
    ClipConfig config = tinyConfig();
    ClipModel model(config);
    const torch::Tensor pixels = torch::randn({2, 3, 32, 32});
    const VisionOutput out = model->encodeImage(pixels, PatchPath::Value);

    // The same weights without the last block: its lastHidden enters the last block.
    config.vision.layers = 1;
    ClipModel shorter(config);
    auto from = model->named_parameters();
    for (auto& parameter : shorter->named_parameters()) {
        parameter.value().copy_(from[parameter.key()]);
    }
    const torch::Tensor entering = shorter->encodeImage(pixels, PatchPath::Plain).lastHidden;
    Block& last = model->visual->transformer->blocks.back();
    const torch::Tensor normed = last->ln_1->forward(entering);
    const torch::Tensor value = torch::linear(normed, last->attn->in_proj_weight.slice(0, 64),
                                              last->attn->in_proj_bias.slice(0, 64));
    const torch::Tensor byHand = last->attn->out_proj->forward(value).slice(1, 1);
    QVERIFY(largestDifference(out.tokens, byHand) <= 1e-5);
}

void TestClip::selfQueryKeyPathAddsBothAttentions()
{
    const torch::NoGradGuard noGrad;
    ClipConfig config = tinyConfig();
    config.vision.layers = 1;
    ClipModel model(config);
    VisionTower& tower = model->visual;
    const torch::Tensor pixels = torch::randn({1, 3, 32, 32});
    const VisionOutput out = model->encodeImage(pixels, PatchPath::SelfQueryKey);

    const torch::Tensor patches = tower->conv1->forward(pixels).flatten(2).transpose(1, 2);
    const torch::Tensor x =
        tower->ln_pre->forward(torch::cat({tower->class_embedding.view({1, 1, -1}), patches}, 1) +
                               tower->positional_embedding);
    Block& block = tower->transformer->blocks.front();
    const HeadTensors heads = block->project(x);
    const auto weights = [](const torch::Tensor& side) {
        return torch::softmax(torch::matmul(side, side.transpose(2, 3)) / std::sqrt(16.0), -1);
    };
    const torch::Tensor attention = weights(heads.query) + weights(heads.key);
    const torch::Tensor y = x + block->output(torch::matmul(attention, heads.value));
    const torch::Tensor byHand = (y + block->mlp->forward(block->ln_2->forward(y))).slice(1, 1);
    QVERIFY(largestDifference(out.tokens, byHand) <= 1e-5);
}

void TestClip::neighbourPathFavoursWhatIsNear_data()
{
    QTest::addColumn<QString>("folder");
    for (const char* name : {"hf-p16-gelu-bf16", "siglip-p8"}) { // with and without a class token
        QTest::addRow("%s", name) << QString::fromStdString((kGolden / name).string());
    }
}

/// NACLIP's formula patch by patch, on a grid that is not square.
void TestClip::neighbourPathFavoursWhatIsNear()
{
    QFETCH(QString, folder);
    const torch::NoGradGuard noGrad;
    ClipModel model = loadClip(folder.toStdString());
    VisionTower& tower = model->visual;
    const std::int64_t side = model->config().vision.patchSize;
    const std::int64_t rows = 3;
    const std::int64_t columns = 8;
    const torch::Tensor pixels = torch::randn({1, 3, rows * side, columns * side});
    const torch::Tensor tokens = model->encodeImage(pixels, PatchPath::Neighbour).tokens;

    const torch::Tensor patches = tower->conv1->forward(pixels).flatten(2).transpose(1, 2);
    torch::Tensor x = tower->embed(patches, rows, columns);
    auto& blocks = tower->transformer->blocks;
    for (std::size_t i = 0; i + 1 < blocks.size(); ++i) {
        const HeadTensors heads = blocks[i]->project(x);
        x = blocks[i]->feedForward(
            blocks[i]->addOutput(x, attend(heads.query, heads.key, heads.value)));
    }
    Block& last = blocks.back();
    const HeadTensors heads = last->project(x);
    const std::int64_t first = tower->firstPatch();
    const std::int64_t length = x.size(1);
    const double scale = std::sqrt(double(heads.key.size(3)));
    torch::Tensor mixed = torch::zeros_like(heads.value);
    for (std::int64_t head = 0; head < heads.key.size(1); ++head) {
        const torch::Tensor keys = heads.key[0][head];
        for (std::int64_t from = 0; from < length; ++from) {
            torch::Tensor logits = torch::matmul(keys, keys[from]) / scale;
            for (std::int64_t to = first; to < length && from >= first; ++to) {
                const double down = double((to - first) / columns - (from - first) / columns);
                const double right = double((to - first) % columns - (from - first) % columns);
                logits[to] += std::exp(-(down * down + right * right) / (2.0 * 5.0 * 5.0));
            }
            mixed[0][head][from] = torch::matmul(torch::softmax(logits, 0), heads.value[0][head]);
        }
    }
    const torch::Tensor byHand = last->output(mixed).slice(1, first);
    QVERIFY(largestDifference(tokens, byHand) <= 1e-5);
    // The Gaussian matters: plain k-k attention is something else.
    const torch::Tensor without =
        last->output(attend(heads.key, heads.key, heads.value)).slice(1, first);
    QVERIFY(largestDifference(tokens, without) > 1e-4);
}

void TestClip::selfValuePathStartsAtTheFirstOfFewBlocks()
{
    const torch::NoGradGuard noGrad;
    ClipModel model(tinyConfig()); // two blocks, fewer than the six of the path
    const torch::Tensor pixels = torch::randn({1, 3, 32, 32});
    const VisionOutput self = model->encodeImage(pixels, PatchPath::SelfValue);
    const VisionOutput plain = model->encodeImage(pixels, PatchPath::Plain);
    QVERIFY(largestDifference(self.global, plain.global) == 0.0);
    QVERIFY(largestDifference(self.tokens, plain.tokens) > 1e-3);
}

void TestClip::otherSizesInterpolateThePositions()
{
    const torch::NoGradGuard noGrad;
    ClipModel model(tinyConfig());
    const VisionOutput out = model->encodeImage(torch::randn({1, 3, 24, 40}), PatchPath::SelfValue);
    QCOMPARE(out.rows, 3);
    QCOMPARE(out.columns, 5);
    QCOMPARE(out.tokens.size(1), 15);
    const torch::Tensor embedding = torch::randn({17, 8});
    QVERIFY(positionsFor(embedding, 1, 4, 4).is_same(embedding));
    QVERIFY(torch::equal(positionsFor(embedding, 1, 2, 8)[0], embedding[0]));
}

void TestClip::textIsCausal()
{
    const torch::NoGradGuard noGrad;
    ClipModel model(tinyConfig());
    const torch::Tensor ids = torch::tensor({{38, 5, 6, 39, 0}}, torch::kInt64);
    torch::Tensor later = ids.clone();
    later[0][4] = 7;
    QVERIFY(largestDifference(model->encodeText(ids), model->encodeText(later)) <= 1e-6);
    torch::Tensor earlier = ids.clone();
    earlier[0][1] = 7;
    QVERIFY(largestDifference(model->encodeText(ids), model->encodeText(earlier)) > 1e-4);
}

void TestClip::sigLipTextIsReadAtItsLastPosition()
{
    const torch::NoGradGuard noGrad;
    ClipModel model(tinySigLip());
    const torch::Tensor ids = torch::tensor({{5, 6, 1, 1, 1}}, torch::kInt64);
    QVERIFY(largestDifference(model->encodeText(ids), model->encodeText(ids.slice(1, 0, 4))) >
            1e-4); // its padding counts
    const torch::Tensor hidden = model->textHidden(ids);
    const torch::Tensor byHand =
        torch::matmul(hidden.select(1, 4), model->text_projection) + model->text_projection_bias;
    QVERIFY(largestDifference(model->encodeText(ids), byHand) <= 1e-6);
    torch::Tensor later = ids.clone();
    later[0][4] = 7;
    QVERIFY(largestDifference(model->textHidden(later).select(1, 0), hidden.select(1, 0)) >
            1e-4); // the first token sees the last
}

/// As google/siglip-base-patch16-224 and google/siglip-so400m-patch14-384 are published.
void TestClip::sigLipDefaultsAreThoseOfTransformers()
{
    const QTemporaryDir temporary;
    const fs::path folder = temporary.path().toStdString();
    writeText(folder / "config.json", R"({"architectures": ["SiglipModel"], "model_type": "siglip",
        "initializer_factor": 1.0, "text_config": {"model_type": "siglip_text_model"},
        "vision_config": {"model_type": "siglip_vision_model"}})");
    const ClipConfig base = readClipConfig(folder);
    QVERIFY(base.family == Family::SigLip);
    QVERIFY(base.framing == Framing::Squash);
    QCOMPARE(nameOf(base.family), std::string("SigLIP"));
    QCOMPARE(base.mean[1], 0.5);
    QCOMPARE(base.deviation[2], 0.5);
    QCOMPARE(base.embedDim, 768);
    QCOMPARE(base.vision.patchSize, 16);
    QCOMPARE(base.vision.imageSize, 224);
    QCOMPARE(base.text.vocabularySize, 32000);
    QCOMPARE(base.text.contextLength, 64);
    for (const TowerConfig& tower : {TowerConfig(base.vision), TowerConfig(base.text)}) {
        QCOMPARE(tower.width, 768);
        QCOMPARE(tower.layers, 12);
        QCOMPARE(tower.heads, 12);
        QCOMPARE(tower.mlpWidth, 3072);
        QCOMPARE(tower.layerNormEpsilon, 1e-6);
        QVERIFY(tower.activation == Activation::TanhGelu);
    }

    writeText(folder / "config.json", R"({"model_type": "siglip",
        "text_config": {"hidden_size": 1152, "intermediate_size": 4304, "model_type":
        "siglip_text_model", "num_attention_heads": 16, "num_hidden_layers": 27},
        "vision_config": {"hidden_size": 1152, "image_size": 384, "intermediate_size": 4304,
        "model_type": "siglip_vision_model", "num_attention_heads": 16, "num_hidden_layers": 27,
        "patch_size": 14}})");
    writeText(folder / "preprocessor_config.json", R"({"do_resize": true, "do_rescale": true,
        "do_normalize": true, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
        "image_processor_type": "SiglipImageProcessor", "processor_class": "SiglipProcessor",
        "resample": 3, "rescale_factor": 0.00392156862745098,
        "size": {"height": 384, "width": 384}})");
    const ClipConfig large = readClipConfig(folder);
    QCOMPARE(large.embedDim, 1152);
    QCOMPARE(large.vision.gridSide(), 27); // 384 pixels are 27.4 patches
    QVERIFY(large.framing == Framing::Squash);
}

void TestClip::sigLipRefusals_data()
{
    QTest::addColumn<QString>("tower");
    QTest::addColumn<QByteArray>("setting");
    QTest::addColumn<QString>("reason");
    const auto row = [](const char* tower, const char* setting, const char* reason) {
        QTest::addRow("%s %s", tower, setting) << tower << QByteArray(setting) << reason;
    };
    row("vision_config", R"({"vision_use_head": false})",
        "\"vision_use_head\" = false is an architecture this program does not know");
    row("vision_config", R"({"hidden_act": "gelu"})", "\"hidden_act\" = \"gelu\" is");
    row("text_config", R"({"hidden_act": "relu"})", "\"hidden_act\" = \"relu\" is");
    row("vision_config", R"({"num_channels": 1})", "\"num_channels\" = 1 is");
    row("text_config", R"({"projection_size": 24})",
        "text embedding width 24 is not the width of its vision tower, 32");
    row("vision_config", R"({"image_size": 7})", "image size 7 is not a multiple");
    row("vision_config", R"({"image_size": 40})",
        "position_embedding.weight\" is [16, 32] where the configuration asks for [25, 32]");
    row("vision_config", R"({"intermediate_size": 60})", "do not belong together");
    row("vision_config", R"({"num_hidden_layers": 2})", "there are 2 layers");
    row("text_config", R"({"num_hidden_layers": 4})",
        "layers.3.self_attn.q_proj.weight\" is missing");
    row("text_config", R"({"max_position_embeddings": 64})", "do not belong together");
    row("weights", R"("vision_model.head.probe")", "\"vision_model.head.probe\" is missing");
    row("weights", R"("vision_model.head.mlp.fc2.bias")", "head.mlp.fc2.bias\" is missing");
    row("weights", R"("text_model.head.bias")", "\"text_model.head.bias\" is missing");
    row("weights", R"("logit_bias")", "\"logit_bias\" is missing");
}

void TestClip::sigLipRefusals()
{
    QFETCH(QString, tower);
    QFETCH(QByteArray, setting);
    QFETCH(QString, reason);
    const QTemporaryDir temporary;
    const fs::path folder = fs::path(temporary.path().toStdString()) / "checkpoint";
    fs::copy(kGolden / "siglip-p8", folder);
    fs::remove(folder / "preprocessor_config.json"); // says the image size, too
    const auto change = nlohmann::json::parse(setting.toStdString());
    if (tower == "weights") {
        const SafetensorsFile good(folder / "model.safetensors");
        tensor_io::NamedTensors tensors;
        for (const std::string& name : good.names()) {
            if (name != change.get<std::string>()) {
                tensors.emplace_back(name, good.tensor(name));
            }
        }
        tensor_io::writeSafetensors(folder / "model.safetensors", tensors);
    } else {
        auto config = nlohmann::json::parse(readText(folder / "config.json"));
        config[tower.toStdString()].update(change);
        writeText(folder / "config.json", config.dump());
    }
    const QString message = QString::fromStdString(messageOf([&] { (void)loadClip(folder); }));
    QVERIFY2(message.contains(reason), qPrintable(message));
}

void TestClip::tinyClipNamesAreRead_data()
{
    QTest::addColumn<QString>("outside");
    QTest::addColumn<QString>("inside");
    QTest::newRow("as pruned and saved") << ""
                                         << "";
    QTest::newRow("each part in DistributedDataParallel") << ""
                                                          << "module.";
    QTest::newRow("the whole in DistributedDataParallel") << "module."
                                                          << "";
    QTest::newRow("both") << "module."
                          << "module.";
}

/// microsoft/Cream, TinyCLIP: three parts in one module, around OpenAI's names.
void TestClip::tinyClipNamesAreRead()
{
    QFETCH(QString, outside);
    QFETCH(QString, inside);
    const QTemporaryDir temporary;
    const fs::path folder = fs::path(temporary.path().toStdString()) / "checkpoint";
    fs::copy(kGolden / "oc-p16-quick", folder);
    const SafetensorsFile good(kGolden / "oc-p16-quick/open_clip_model.safetensors");
    tensor_io::NamedTensors tensors;
    for (const std::string& name : good.names()) {
        const std::string part = name.starts_with("visual.") ? "_image_encoder."
                                 : name == "logit_scale"     ? "_logit_scale."
                                                             : "_text_encoder.";
        tensors.emplace_back(outside.toStdString() + part + inside.toStdString() + name,
                             good.tensor(name));
    }
    tensor_io::writeSafetensors(folder / "open_clip_model.safetensors", tensors);
    QCOMPARE(compareWithLibrary(folder), QString());
    QCOMPARE(loadClip(folder)->logit_scale.item<float>(),
             good.tensor("logit_scale").to(torch::kFloat32).item<float>());
}

/// TinyCLIP-ViT-8M-16-Text-3M.json and the pruned TinyCLIP-auto-ViT-63M-32-Text-31M.json.
void TestClip::tinyClipConfigurationIsRead()
{
    const QTemporaryDir temporary;
    const fs::path folder = temporary.path().toStdString();
    const std::string small = R"("embed_dim": 512,
        "vision_cfg": {"image_size": 224, "layers": 10, "width": 256, "patch_size": 16},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 256, "heads": 4,
                     "layers": 3}})";
    writeText(folder / "open_clip_config.json", "{" + small);
    const ClipConfig config = readClipConfig(folder);
    QCOMPARE(config.embedDim, 512);
    QCOMPARE(config.vision.width, 256);
    QCOMPARE(config.vision.layers, 10);
    QCOMPARE(config.vision.heads, 4);
    QCOMPARE(config.vision.mlpWidth, 1024);
    QCOMPARE(config.text.layers, 3);
    QCOMPARE(config.text.heads, 4);
    QVERIFY(config.vision.activation == Activation::Gelu);
    writeText(folder / "open_clip_config.json", "{\"mask_image\": true, " + small);
    const QString message =
        QString::fromStdString(messageOf([&] { (void)readClipConfig(folder); }));
    QVERIFY2(message.contains("\"mask_image\" = true is an architecture"), qPrintable(message));
}

void TestClip::gradientsReachEveryParameter_data()
{
    QTest::addColumn<bool>("isSigLip");
    QTest::newRow("CLIP") << false;
    QTest::newRow("SigLIP") << true;
}

void TestClip::gradientsReachEveryParameter()
{
    QFETCH(bool, isSigLip);
    ClipModel model(isSigLip ? tinySigLip() : tinyConfig());
    const torch::Tensor image =
        unit(model->encodeImage(torch::randn({3, 3, 32, 32}), PatchPath::Plain).global);
    const torch::Tensor text = unit(model->encodeText(torch::randint(1, 40, {3, 10})));
    const torch::Tensor logits = model->logitScale() * torch::matmul(image, text.t());
    const torch::Tensor loss =
        isSigLip ? -torch::log_sigmoid((2 * torch::eye(3) - 1) * (logits + model->logit_bias)).sum()
                 : torch::nn::functional::cross_entropy(logits, torch::arange(3));
    loss.backward();
    for (const auto& parameter : model->named_parameters()) {
        QVERIFY2(parameter.value().grad().defined() &&
                     parameter.value().grad().abs().sum().item<float>() > 0.0F,
                 parameter.key().c_str());
    }
}

void TestClip::encoderAgreesWithTheModel_data()
{
    QTest::addColumn<int>("path");
    QTest::addColumn<QString>("folder");
    const std::pair<const char*, PatchPath> paths[] = {{"plain", PatchPath::Plain},
                                                       {"value", PatchPath::Value},
                                                       {"self-value", PatchPath::SelfValue},
                                                       {"self-query-key", PatchPath::SelfQueryKey},
                                                       {"neighbour", PatchPath::Neighbour}};
    for (const auto& [name, path] : paths) {
        for (const char* folder : {"hf-p16-gelu-bf16", "oc-p16-quick", "siglip-p8"}) {
            QTest::addRow("%s %s", name, folder)
                << int(path) << QString::fromStdString((kGolden / folder).string());
        }
    }
}

void TestClip::encoderAgreesWithTheModel()
{
    QFETCH(int, path);
    QFETCH(QString, folder);
    const torch::NoGradGuard noGrad;
    ClipModel model = loadClip(folder.toStdString());
    const torch::Tensor pixels = torch::randn({3, 3, 64, 96});
    const VisionOutput expected = model->encodeImage(pixels, PatchPath(path));
    const auto encoded = [&](Precision precision) {
        const ClipEncoder encoder(model, {.precision = precision});
        return encoder.encodeImage(pixels, PatchPath(path));
    };

    const VisionOutput exact = encoded(Precision::Float32);
    QVERIFY(largestDifference(unit(exact.global), unit(expected.global)) <= kEmbeddingTolerance);
    QVERIFY(largestDifference(exact.tokens, expected.tokens) <= kHiddenTolerance);
    QCOMPARE(exact.columns, expected.columns);

    const VisionOutput half = encoded(Precision::BFloat16);
    QCOMPARE(half.tokens.scalar_type(), torch::kBFloat16);
    QCOMPARE(half.global.scalar_type(), torch::kFloat32);
    QVERIFY(smallestCosine(half.global, expected.global) >= 0.999);
    QVERIFY(smallestCosine(half.tokens, expected.tokens) >= 0.999);

    const VisionOutput bytes = encoded(Precision::Int8);
    QVERIFY(smallestCosine(bytes.global, expected.global) >= 0.99);
    QVERIFY(smallestCosine(bytes.tokens, expected.tokens) >= 0.99);
}

void TestClip::gpuEncoderAgreesWithTheCpu()
{
    QFETCH(int, path);
    QFETCH(QString, folder);
    if (!loadCuda().isUsable) {
        QSKIP(loadCuda().reason.c_str());
    }
    const torch::NoGradGuard noGrad;
    ClipModel model = loadClip(folder.toStdString());
    const torch::Tensor pixels = torch::randn({3, 3, 64, 96});
    const auto encoded = [&](Precision precision, const char* device) {
        const ClipEncoder encoder(model, {.precision = precision, .device = device});
        VisionOutput output = encoder.encodeImage(pixels, PatchPath(path));
        output.tokens = output.tokens.cpu();
        output.global = output.global.cpu();
        return output;
    };
    const VisionOutput expected = encoded(Precision::Float32, "cpu");

    const VisionOutput exact = encoded(Precision::Float32, "cuda");
    QVERIFY(largestDifference(unit(exact.global), unit(expected.global)) <= kEmbeddingTolerance);
    QVERIFY(largestDifference(exact.tokens, expected.tokens) <= kHiddenTolerance);

    const VisionOutput half = encoded(Precision::BFloat16, "cuda");
    QVERIFY(smallestCosine(half.global, expected.global) >= 0.999);
    QVERIFY(smallestCosine(half.tokens, expected.tokens) >= 0.999);
    QVERIFY(model->visual->conv1->weight.is_cpu()); // the caller's model stays where it was
}

void TestClip::benchMeasuresEveryPrecision()
{
    const auto rates = bareForwardRates({.batch = 1, .rounds = 1});
    QCOMPARE(rates.front().name, std::string("fp32"));
    for (const ForwardRate& rate : rates) {
        QVERIFY2(rate.imagesPerSecond > 0.0, rate.name.c_str());
        const double atLeast = rate.name == "int8" ? 0.99 : 0.999;
        QVERIFY2(rate.name.ends_with("alone") || rate.cosine >= atLeast, rate.name.c_str());
    }
    QVERIFY_EXCEPTION_THROWN((void)bareForwardRates({.batch = 0}), RangeError);
    // By hand for ViT-B/16, 197 tokens: 12 · (2 · 197 · 768 · 9216 + 4 · 197² · 768) + the patches.
    QCOMPARE(forwardFlops(vitB16Config().vision), 34894909440.0 + 231211008.0);
    QVERIFY(peakFlopsPerSecond("cpu", 64) > 0.0);
    QVERIFY_EXCEPTION_THROWN((void)peakFlopsPerSecond("cpu", 0), RangeError);
}

void TestClip::savedModelLoadsTheSame_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("CLIP") << "oc-p14-custom";
    QTest::newRow("SigLIP") << "siglip-p8";
}

void TestClip::savedModelLoadsTheSame()
{
    QFETCH(QString, name);
    const torch::NoGradGuard noGrad;
    const QTemporaryDir folder;
    const fs::path target = fs::path(folder.path().toStdString()) / "saved";
    ClipModel model = loadClip(kGolden / name.toStdString());
    saveClip(model, target, torch::kFloat32);
    ClipModel again = loadClip(target);
    QCOMPARE(again->config().mean[2], model->config().mean[2]);
    QVERIFY(again->config().family == model->config().family);
    QVERIFY(again->config().framing == model->config().framing);
    auto reloaded = again->named_parameters();
    for (const auto& parameter : model->named_parameters()) {
        QVERIFY2(torch::equal(parameter.value(), reloaded[parameter.key()]),
                 parameter.key().c_str());
    }
    QVERIFY(!fs::exists(target / "config.json.part"));
}

void TestClip::refusals()
{
    const QTemporaryDir temporary;
    const fs::path base = temporary.path().toStdString();
    const fs::path good = kGolden / "hf-p16-gelu-bf16";
    const auto copied = [&](const std::string& name) {
        fs::copy(good, base / name, fs::copy_options::recursive);
        return base / name;
    };
    const auto refusal = [](const fs::path& folder) {
        return QString::fromStdString(messageOf([&] { (void)loadClip(folder); }));
    };
    const auto edited = [&](const std::string& name, const std::string& from,
                            const std::string& to) {
        const fs::path folder = copied(name);
        std::string text = readText(folder / "config.json");
        const std::size_t at = text.find(from);
        Q_ASSERT(at != std::string::npos);
        writeText(folder / "config.json", text.replace(at, from.size(), to));
        return folder;
    };

    QVERIFY(refusal(base / "nowhere").contains("neither config.json nor open_clip_config.json"));
    QVERIFY(refusal(edited("arch", "\"model_type\": \"clip\"", "\"model_type\": \"siglip2\""))
                .contains("\"siglip2\", expected \"clip\" or \"siglip\""));
    QVERIFY(refusal(edited("family", "\"model_type\": \"clip\"", "\"model_type\": \"siglip\""))
                .contains("\"hidden_act\" = \"gelu\" is an architecture"));
    QVERIFY(refusal(edited("act", "\"gelu\"", "\"gelu_new\"")).contains("hidden_act"));
    QVERIFY(refusal(edited("negative", "\"patch_size\": 16", "\"patch_size\": -16"))
                .contains("\"patch_size\" is -16"));
    QVERIFY(refusal(edited("zero", "\"patch_size\": 16", "\"patch_size\": 0"))
                .contains("patch size is 0"));
    QVERIFY(refusal(edited("shape", "\"projection_dim\": 24,\n  \"text",
                           "\"projection_dim\": 25,\n  \"text"))
                .contains("do not belong together"));

    const fs::path broken = copied("broken");
    writeText(broken / "config.json", "{\"model_type\": ");
    QVERIFY(refusal(broken).contains("not valid JSON"));

    const fs::path pickle = copied("pickle");
    fs::rename(pickle / "model.safetensors", pickle / "pytorch_model.bin");
    QVERIFY(refusal(pickle).contains("convert them to model.safetensors"));
    fs::remove(pickle / "pytorch_model.bin");
    QVERIFY(refusal(pickle).contains("no weights"));

    const auto sharded = [&](const std::string& name, const std::string& shard) {
        const fs::path folder = copied(name);
        fs::remove(folder / "model.safetensors");
        writeText(folder / "model.safetensors.index.json",
                  nlohmann::json{{"weight_map", {{"logit_scale", shard}}}}.dump());
        return folder;
    };
    for (const char* hostile : {"../hostile", "/etc/passwd", "..", "a\\b"}) {
        const std::string name = "hostile" + std::to_string(std::hash<std::string>{}(hostile));
        QVERIFY2(refusal(sharded(name, hostile)).contains("a file in the same folder"), hostile);
    }
    QVERIFY(refusal(sharded("absent", "part.safetensors")).contains("part.safetensors is missing"));

    const fs::path missing = copied("missing");
    tensor_io::NamedTensors tensors;
    for (const std::string& name : SafetensorsFile(good / "model.safetensors").names()) {
        if (name != "vision_model.post_layernorm.bias") {
            tensors.emplace_back(name, SafetensorsFile(good / "model.safetensors").tensor(name));
        }
    }
    tensor_io::writeSafetensors(missing / "model.safetensors", tensors);
    QVERIFY(refusal(missing).contains("\"vision_model.post_layernorm.bias\" is missing"));

    tensors.emplace_back("vision_model.post_layernorm.bias", torch::full({32}, NAN));
    tensor_io::writeSafetensors(missing / "model.safetensors", tensors);
    QVERIFY(refusal(missing).contains("not finite"));
}

void TestClip::shapesAreKnownBeforeAModelIsMade()
{
    QFETCH(QString, folder);
    const ClipConfig config = readClipConfig(folder.toStdString());
    std::map<std::string, Shape> expected;
    for (const auto& parameter : ClipModel(config)->named_parameters()) {
        expected[parameter.key()] = parameter.value().sizes().vec();
    }
    std::map<std::string, Shape> found;
    const auto note = [&found](const std::string& name, const Shape& shape) {
        found[name] = shape;
    };
    forEachVisionParameter(config, note);
    forEachTextParameter(config, note);
    QCOMPARE(found.size(), expected.size());
    QVERIFY(found == expected);
}

void TestClip::sizesAreComparedBeforeMemoryIsTaken_data()
{
    QTest::addColumn<QString>("tower");
    QTest::addColumn<QString>("setting");
    QTest::addColumn<int>("value");
    QTest::addColumn<QString>("tensor");
    const auto row = [](const char* tower, const char* setting, int value, const char* tensor) {
        QTest::addRow("%s %s %d", tower, setting, value) << tower << setting << value << tensor;
    };
    row("vision_config", "hidden_size", 100'000, "patch_embedding");
    row("vision_config", "intermediate_size", 1'000'000, "mlp.fc1");
    row("vision_config", "num_hidden_layers", 1'000'000, "is missing");
    row("vision_config", "num_hidden_layers", 2, "there are 2 layers");
    row("vision_config", "image_size", 960'000, "position_embedding");
    row("text_config", "hidden_size", 100'000, "token_embedding");
    row("text_config", "vocab_size", 1'000'000, "token_embedding");
    row("text_config", "max_position_embeddings", 1'000'000, "position_embedding");
    row("text_config", "num_hidden_layers", 1'000'000, "is missing");
    row("text_config", "num_hidden_layers", 1, "there are 1 layers");
}

void TestClip::sizesAreComparedBeforeMemoryIsTaken()
{
    QFETCH(QString, tower);
    QFETCH(QString, setting);
    QFETCH(int, value);
    QFETCH(QString, tensor);
    const QTemporaryDir temporary;
    const fs::path folder = fs::path(temporary.path().toStdString()) / "checkpoint";
    fs::copy(kGolden / "hf-p16-gelu-bf16", folder);
    auto config = nlohmann::json::parse(readText(folder / "config.json"));
    config[tower.toStdString()][setting.toStdString()] = value;
    writeText(folder / "config.json", config.dump());
    QElapsedTimer timer;
    timer.start();
    const QString message = QString::fromStdString(messageOf([&] { (void)loadClip(folder); }));
    QVERIFY2(message.contains("model.safetensors") && message.contains(tensor),
             qPrintable(message));
    QVERIFY(timer.elapsed() < 2000); // gigabytes of random weights take longer
}

void TestClip::weightsThatAreNoneAreRefused_data()
{
    QTest::addColumn<QString>("golden");
    QTest::addColumn<QString>("tensor");
    QTest::addColumn<int>("type");
    QTest::addColumn<QString>("reason");
    const char* query = "vision_model.encoder.layers.0.self_attn.q_proj.weight";
    const char* fused = "transformer.resblocks.1.attn.in_proj_weight";
    const std::pair<const char*, torch::Dtype> types[] = {{"I8", torch::kInt8},
                                                          {"U8", torch::kUInt8},
                                                          {"BOOL", torch::kBool},
                                                          {"I64", torch::kInt64}};
    for (const auto& [name, type] : types) {
        QTest::addRow("Hugging Face %s", name) << "hf-p16-gelu-bf16" << query << int(type)
                                               << QStringLiteral("holds %1 numbers").arg(name);
        QTest::addRow("OpenCLIP %s", name)
            << "oc-p16-quick" << fused << int(type) << QStringLiteral("holds %1 numbers").arg(name);
    }
    QTest::newRow("q of another shape than k and v")
        << "hf-p16-gelu-bf16" << query << -1
        << "is [31, 32] where the configuration asks for [32, 32]";
    QTest::newRow("q of other dimensions")
        << "hf-p16-gelu-bf16" << query << -2 << "is [32] where the configuration asks for [32, 32]";
    QTest::newRow("fused of another shape")
        << "oc-p16-quick" << fused << -1 << "is [71, 24] where the configuration asks for [72, 24]";
}

void TestClip::weightsThatAreNoneAreRefused()
{
    QFETCH(QString, golden);
    QFETCH(QString, tensor);
    QFETCH(int, type);
    QFETCH(QString, reason);
    const QTemporaryDir temporary;
    const fs::path folder = fs::path(temporary.path().toStdString()) / "checkpoint";
    fs::copy(kGolden / golden.toStdString(), folder);
    const fs::path file =
        folder / (golden.startsWith("hf") ? "model.safetensors" : "open_clip_model.safetensors");
    const SafetensorsFile good(file);
    tensor_io::NamedTensors tensors;
    for (const std::string& name : good.names()) {
        torch::Tensor value = good.tensor(name);
        if (name == tensor.toStdString()) {
            value = type == -1   ? value.slice(0, 1)
                    : type == -2 ? value.select(0, 0)
                                 : value.to(torch::Dtype(type));
        }
        tensors.emplace_back(name, value);
    }
    tensor_io::writeSafetensors(file, tensors);
    const QString message = QString::fromStdString(messageOf([&] { (void)loadClip(folder); }));
    QVERIFY2(message.contains("\"" + tensor + "\" " + reason), qPrintable(message));
}

void TestClip::openClipRefusals_data()
{
    QTest::addColumn<QString>("place");
    QTest::addColumn<QByteArray>("setting");
    const auto row = [](const char* place, const char* setting) {
        QTest::addRow("%s %s", place, setting) << place << QByteArray(setting);
    };
    for (const char* setting :
         {R"({"timm_model_name": "vit"})", R"({"ls_init_value": 0.1})", R"({"no_ln_pre": true})",
          R"({"attentional_pool": true})", R"({"pool_type": "avg"})", R"({"qk_norm": true})",
          R"({"final_ln_after_pool": true})", R"({"pos_embed_type": "sin_cos_2d"})",
          R"({"block_type": "custom"})", R"({"act_kwargs": {"approximate": "tanh"}})"}) {
        row("vision_cfg", setting);
    }
    for (const char* setting :
         {R"({"hf_model_name": "roberta-base"})", R"({"hf_tokenizer_name": "bert-base-uncased"})",
          R"({"embed_cls": true})", R"({"no_causal_mask": true})", R"({"proj_type": "none"})",
          R"({"proj_bias": true})", R"({"pool_type": "last"})", R"({"scale_heads": true})"}) {
        row("text_cfg", setting);
    }
}

void TestClip::openClipRefusals()
{
    QFETCH(QString, place);
    QFETCH(QByteArray, setting);
    const QTemporaryDir temporary;
    const fs::path folder = temporary.path().toStdString();
    auto config = nlohmann::json::parse(readText(kGolden / "oc-p16-quick/open_clip_config.json"));
    const auto change = nlohmann::json::parse(setting.toStdString());
    config["model_cfg"][place.toStdString()].update(change);
    writeText(folder / "open_clip_config.json", config.dump());
    const QString message =
        QString::fromStdString(messageOf([&] { (void)readClipConfig(folder); }));
    QVERIFY2(message.contains("an architecture this program does not know"), qPrintable(message));
    const std::string name = change.begin().key();
    QVERIFY2(message.contains(QString::fromStdString("\"" + name + "\"")), qPrintable(message));
}

void TestClip::preparationIsRefused_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QByteArray>("setting");
    for (const char* setting : {R"({"resize_mode": "longest"})", R"({"interpolation": "bilinear"})",
                                R"({"mode": "L"})", R"({"size": 48})", R"({"size": [64, 48]})"}) {
        QTest::addRow("open_clip_config.json %s", setting)
            << "open_clip_config.json" << QByteArray(setting);
    }
    for (const char* file : {"preprocessor_config.json", "processor_config.json"}) {
        for (const char* setting :
             {R"({"size": {"shortest_edge": 72}})", R"({"size": {"height": 64, "width": 48}})",
              R"({"size": {"longest_edge": 64}})", R"({"size": 72})", R"({"crop_size": 32})",
              R"({"crop_size": {"height": 64, "width": 32}})", R"({"resample": 2})",
              R"({"do_center_crop": false})", R"({"do_resize": false})", R"({"do_rescale": false})",
              R"({"do_normalize": false})", R"({"rescale_factor": 0.0078})"}) {
            QTest::addRow("%s %s", file, setting) << file << QByteArray(setting);
        }
    }
}

void TestClip::preparationIsRefused()
{
    QFETCH(QString, file);
    QFETCH(QByteArray, setting);
    const bool isOpenClip = file.startsWith("open_clip");
    const QTemporaryDir temporary;
    const fs::path folder = fs::path(temporary.path().toStdString()) / "checkpoint";
    fs::copy(kGolden / (isOpenClip ? "oc-p16-quick" : "hf-p16-gelu-bf16"), folder);
    const auto change = nlohmann::json::parse(setting.toStdString());
    nlohmann::json config = change;
    if (isOpenClip) {
        config = nlohmann::json::parse(readText(folder / file.toStdString()));
        config["preprocess_cfg"].update(change);
    } else if (file.startsWith("processor")) {
        config = {{"image_processor", change}};
    }
    writeText(folder / file.toStdString(), config.dump());
    const QString message = QString::fromStdString(messageOf([&] { (void)loadClip(folder); }));
    const std::string name = change.begin().key();
    QVERIFY2(message.contains(file) &&
                 message.contains(QString::fromStdString("\"" + name + "\" = ")) &&
                 message.contains("a way to prepare images that this program does not have"),
             qPrintable(message));
}

/// Published files say the same in several ways.
void TestClip::usualPreparationsAreRead()
{
    const QTemporaryDir temporary;
    const fs::path folder = fs::path(temporary.path().toStdString()) / "checkpoint";
    fs::copy(kGolden / "hf-p16-gelu-bf16", folder);
    for (const char* text :
         {R"({"size": 64, "crop_size": 64, "resample": 3, "image_mean": [0.5, 0.4, 0.25]})",
          R"({"size": {"shortest_edge": 64}, "crop_size": {"height": 64, "width": 64},
              "do_resize": true, "do_center_crop": true, "do_convert_rgb": true,
              "rescale_factor": 0.00392156862745098, "image_mean": [0.5, 0.4, 0.25]})"}) {
        writeText(folder / "preprocessor_config.json", text);
        QCOMPARE(readClipConfig(folder).mean[2], 0.25);
    }
    writeText(folder / "preprocessor_config.json",
              R"({"size": {"height": 64, "width": 64}, "do_center_crop": false})");
    QVERIFY(readClipConfig(folder).framing == Framing::Squash);
    const fs::path openClip = fs::path(temporary.path().toStdString()) / "oc";
    fs::copy(kGolden / "oc-p16-quick", openClip);
    auto config = nlohmann::json::parse(readText(openClip / "open_clip_config.json"));
    for (const nlohmann::json& size : {nlohmann::json(64), nlohmann::json::array({64, 64})}) {
        config["preprocess_cfg"].update({{"size", size},
                                         {"mode", "RGB"},
                                         {"interpolation", "bicubic"},
                                         {"resize_mode", "shortest"},
                                         {"fill_color", 0}});
        writeText(openClip / "open_clip_config.json", config.dump());
        QCOMPARE(readClipConfig(openClip).mean[2], 0.3);
        QVERIFY(readClipConfig(openClip).framing == Framing::Crop);
    }
    config["preprocess_cfg"]["resize_mode"] = "squash";
    writeText(openClip / "open_clip_config.json", config.dump());
    QVERIFY(readClipConfig(openClip).framing == Framing::Squash);
}

/// A limit on file sizes fails a write in the middle as a full disk does.
void TestClip::fullDiskIsTold()
{
    const QTemporaryDir temporary;
    const fs::path folder = fs::path(temporary.path().toStdString()) / "saved";
    ClipModel model(tinyConfig());
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit old = {};
    QCOMPARE(getrlimit(RLIMIT_FSIZE, &old), 0);
    const rlimit small = {100, old.rlim_max};
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
    const QString message =
        QString::fromStdString(messageOf([&] { saveClip(model, folder, torch::kFloat32); }));
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &old), 0);
    QVERIFY2(message.contains("model.safetensors: cannot be written"), qPrintable(message));
    QVERIFY2(message.contains("free disk space"), qPrintable(message));
    QVERIFY(fs::is_empty(folder));
}

void TestClip::shapesAreChecked()
{
    ClipModel model(tinyConfig());
    const auto image = [&](std::vector<std::int64_t> shape) {
        (void)model->encodeImage(torch::zeros(shape), PatchPath::Plain);
    };
    QVERIFY_EXCEPTION_THROWN(image({1, 3, 30, 32}), ShapeError);
    QVERIFY_EXCEPTION_THROWN(image({1, 1, 32, 32}), ShapeError);
    QVERIFY_EXCEPTION_THROWN(image({3, 32, 32}), ShapeError);
    QVERIFY_EXCEPTION_THROWN((void)model->encodeText(torch::zeros({1, 11}, torch::kInt64)),
                             ShapeError);
    QVERIFY_EXCEPTION_THROWN((void)model->projectTokens(torch::zeros({2, 31})), ShapeError);
    for (const std::int64_t id : {-1, 40}) { // the vocabulary has 40
        const torch::Tensor ids = torch::full({1, 3}, id, torch::kInt64);
        QVERIFY_EXCEPTION_THROWN((void)model->encodeText(ids), RangeError);
    }
    ClipConfig config = tinyConfig();
    config.vision.heads = 3;
    QVERIFY_EXCEPTION_THROWN(ClipModel{config}, RangeError);
}

void TestClip::devicesAreNamed()
{
    QCOMPARE(resolveDevice("cpu"), std::string("cpu"));
    QVERIFY_EXCEPTION_THROWN((void)resolveDevice("tpu"), Error);
    QVERIFY(!cpuCapabilities().empty());
    if (!loadCuda().isUsable) {
        QVERIFY(!loadCuda().reason.empty());
        QCOMPARE(resolveDevice("auto"), std::string("cpu"));
        QVERIFY_EXCEPTION_THROWN((void)resolveDevice("cuda"), Error);
    } else {
        QCOMPARE(resolveDevice("auto"), std::string("cuda"));
        QCOMPARE(resolveDevice("cpu"), std::string("cpu"));
    }
}

void TestClip::transformersReadsWhatIsSaved()
{
    if (peerPython().isEmpty()) {
        QSKIP("TAGALIGN_PEER_PYTHON names no Python with transformers and open_clip");
    }
    const QTemporaryDir folder;
    for (const char* name :
         {"hf-p32-quick", "hf-p16-gelu-bf16", "hf-p14-sharded-fp16", "siglip-p8"}) {
        const fs::path target = fs::path(folder.path().toStdString()) / name;
        ClipModel model = loadClip(kGolden / name);
        saveClip(model, target, torch::kFloat32);
        QCOMPARE(runScript({QStringLiteral("check"), QString::fromStdString(target.string()),
                            QString::fromStdString((kGolden / name).string())}),
                 QString());
    }
}

void TestClip::transformersReadsTheStarter()
{
    if (peerPython().isEmpty()) {
        QSKIP("TAGALIGN_PEER_PYTHON names no Python with transformers and open_clip");
    }
    QCOMPARE(runScript({QStringLiteral("texts"),
                        QStringLiteral(TAGALIGN_SOURCE_DIR "/resources/starter")}),
             QString());
}

void TestClip::fullSizeAgreesWithTheLibraries()
{
    if (peerPython().isEmpty() || !qEnvironmentVariableIsSet("TAGALIGN_FULL")) {
        QSKIP("runs in the full test, with TAGALIGN_PEER_PYTHON naming a Python with transformers "
              "and open_clip");
    }
    const QTemporaryDir folder;
    QCOMPARE(runScript({QStringLiteral("full"), folder.path()}), QString());
    for (const char* name : {"hf-full", "oc-full", "siglip-full"}) {
        QCOMPARE(compareWithLibrary(fs::path(folder.path().toStdString()) / name), QString());
    }
}

QTEST_GUILESS_MAIN(TestClip)
#include "tst_clip.moc"
