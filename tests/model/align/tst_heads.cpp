#include "model/Error.h"
#include "model/align/HeadFile.h"
#include "model/align/Masks.h"
#include "model/tensor_io/SafetensorsFile.h"
#include "tests/model/MessageOf.h"
#include "tests/model/align/FiniteDifference.h"

#include <nlohmann/json.hpp>

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <map>

using namespace tagalign::model;
using namespace tagalign::model::align;
using tagalign::test::messageOf;
using tagalign::tests::gradientError;

namespace {

constexpr std::int64_t kWidth = 6;
constexpr std::int64_t kEmbedding = 4;

Projection randomProjection(torch::Dtype type = torch::kFloat32)
{
    return {1.0 + 0.1 * torch::randn({kWidth}, type), 0.1 * torch::randn({kWidth}, type),
            torch::randn({kWidth, kEmbedding}, type), 1e-5};
}

/// Away from the start, so that every path carries a signal.
void stir(Head& head)
{
    torch::NoGradGuard noGrad;
    for (auto& parameter : head.parameters())
        parameter.add_(0.3 * torch::randn_like(parameter));
}

double largestDifference(const torch::Tensor& a, const torch::Tensor& b)
{
    return (a - b).abs().max().item<double>();
}

using Tensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// As a SigLIP's, its tail six wide.
Projection withTail(Projection projection)
{
    const auto shapes = poolTailShapes(projection.embeddingWidth(), 6);
    for (std::size_t i = 0; i < shapes.size(); ++i)
        projection.tail.*kPoolTailParts[i].second =
            torch::randn(shapes[i], projection.matrix.options());
    return projection;
}

using Metadata = std::map<std::string, std::string>;

} // namespace

class TestHeads : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    [[nodiscard]] std::filesystem::path file(const char* name) const
    {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }

    /// A saved adapter, to be damaged: its tensors and metadata.
    [[nodiscard]] std::pair<Tensors, Metadata> savedAdapter() const
    {
        const auto head = makeHead(HeadKind::Adapter, randomProjection(), 3, 2);
        HeadInfo info;
        info.checkpoint = "here";
        info.patchPath = "plain";
        saveHead(*head, info, file("whole.safetensors"));
        const tensor_io::SafetensorsFile whole(file("whole.safetensors"));
        Tensors tensors;
        for (const auto& parameter : head->named_parameters())
            tensors.emplace_back(parameter.key(), whole.tensor(parameter.key()).clone());
        for (const auto& buffer : head->named_buffers())
            tensors.emplace_back(buffer.key(), whole.tensor(buffer.key()).clone());
        Metadata metadata;
        for (const auto& [key, value] : whole.metadata())
            metadata[key] = value;
        return {tensors, metadata};
    }

    [[nodiscard]] QString refusal(const Tensors& tensors, const Metadata& metadata) const
    {
        tensor_io::writeSafetensors(file("damaged.safetensors"), tensors, metadata);
        return messageOf([&] { (void)loadHead(file("damaged.safetensors")); });
    }

private Q_SLOTS:

    void initTestCase()
    {
        torch::set_num_threads(1); // tiny tensors: threads would only wait for each other
        QVERIFY(m_folder.isValid());
    }

    void init() { torch::manual_seed(11); }

    void kinds_data()
    {
        QTest::addColumn<int>("kind");
        QTest::newRow("adapter") << int(HeadKind::Adapter);
        QTest::newRow("gated-conv") << int(HeadKind::GatedConv);
        QTest::newRow("transformer") << int(HeadKind::Transformer);
        QTest::newRow("projection") << int(HeadKind::Projection);
    }

    void freshHeadIsExactlyTheFrozenProjection_data() { kinds_data(); }

    void freshHeadIsExactlyTheFrozenProjection()
    {
        QFETCH(int, kind);
        const auto projection = randomProjection();
        const auto head = makeHead(HeadKind(kind), projection, 5);
        const auto tokens = torch::randn({3, 20, kWidth}) * 8.0;
        const auto expected = project(tokens, projection);
        QVERIFY(torch::equal(head->forward(tokens, 4, 5), expected));
        head->setConvolutionType(torch::kBFloat16);
        QVERIFY(torch::equal(head->forward(tokens, 4, 5), expected));
    }

    void headOfASigLipKeepsItsTail_data() { kinds_data(); }

    void headOfASigLipKeepsItsTail()
    {
        QFETCH(int, kind);
        const auto projection = withTail(randomProjection());
        const auto head = makeHead(HeadKind(kind), projection, 5);
        const auto tokens = torch::randn({3, 20, kWidth});
        const auto expected = project(tokens, projection);
        QVERIFY(torch::equal(head->forward(tokens, 4, 5), expected));
        const auto plain = torch::matmul(
            torch::layer_norm(tokens, {kWidth}, projection.normWeight, projection.normBias),
            projection.matrix);
        const PoolTail& tail = projection.tail;
        const auto pooled = plain + tail.bias;
        const auto normed = torch::layer_norm(pooled, {kEmbedding}, tail.normWeight, tail.normBias);
        const auto hidden = torch::matmul(normed, tail.upWeight.t()) + tail.upBias;
        const auto active =
            0.5 * hidden * (1 + torch::tanh(0.7978845608 * (hidden + 0.044715 * hidden.pow(3))));
        const auto byHand = pooled + torch::matmul(active, tail.downWeight.t()) + tail.downBias;
        QVERIFY(largestDifference(expected, byHand) < 1e-4);
        QVERIFY(!head->named_parameters().contains("pool_bias")); // frozen
        QVERIFY(head->flopsPerPatch() >
                makeHead(HeadKind(kind), randomProjection(), 5)->flopsPerPatch());

        stir(*head);
        saveHead(*head, {}, file("tail.safetensors"));
        const auto loaded = loadHead(file("tail.safetensors"), {kWidth, kEmbedding});
        QVERIFY(torch::equal(loaded.head->forward(tokens, 4, 5), head->forward(tokens, 4, 5)));
        QCOMPARE(loaded.head->tailWidth(), 6);
    }

    void stirredHeadDiffers_data() { kinds_data(); }

    void stirredHeadDiffers()
    {
        QFETCH(int, kind);
        const auto projection = randomProjection();
        const auto head = makeHead(HeadKind(kind), projection, 5);
        stir(*head);
        const auto tokens = torch::randn({2, 6, kWidth});
        QVERIFY(largestDifference(head->forward(tokens, 2, 3), project(tokens, projection)) > 0.1);
    }

    void seedDecidesTheStart()
    {
        const auto projection = randomProjection();
        const auto downOf = [&](std::uint64_t seed) {
            return makeHead(HeadKind::Adapter, projection, seed)->named_parameters()["down.weight"];
        };
        QVERIFY(torch::equal(downOf(1), downOf(1)));
        QVERIFY(!torch::equal(downOf(1), downOf(2)));
    }

    void adapterTrainsNoProjection()
    {
        const auto head = makeHead(HeadKind::Adapter, randomProjection(), 1, 2);
        // norm 6 + 6, down 12 + 2, up 12 + 6
        std::int64_t count = 0;
        for (const auto& parameter : head->parameters())
            count += parameter.numel();
        QCOMPARE(count, 44);
    }

    void gradients_data() { kinds_data(); }

    void gradients()
    {
        QFETCH(int, kind);
        const auto head = makeHead(HeadKind(kind), randomProjection(), 5, 2);
        head->to(torch::kFloat64);
        stir(*head);
        const auto tokens = torch::randn({2, 6, kWidth}, torch::kFloat64).requires_grad_();
        const auto weights = torch::randn({2, 6, kEmbedding}, torch::kFloat64);
        auto inputs = head->parameters();
        inputs.push_back(tokens);
        const auto scalar = [&] { return (head->forward(tokens, 2, 3) * weights).sum(); };
        QVERIFY(gradientError(scalar, inputs) < 1e-6); // central differences in double
    }

    void convolutionInBfloat16StaysClose()
    {
        const auto head = makeHead(HeadKind::GatedConv, randomProjection(), 5);
        stir(*head);
        const auto tokens = torch::randn({2, 12, kWidth});
        const auto exact = head->forward(tokens, 3, 4);
        head->setConvolutionType(torch::kBFloat16);
        const auto rough = head->forward(tokens, 3, 4);
        const double cosine = (normalised(exact) * normalised(rough)).sum(-1).min().item<double>();
        QVERIFY(cosine > 0.999);
        QVERIFY(!torch::equal(exact, rough));
    }

    void refusesMisshapenTokens()
    {
        const auto head = makeHead(HeadKind::Adapter, randomProjection(), 5);
        QVERIFY_EXCEPTION_THROWN(head->forward(torch::zeros({1, 6, kWidth + 1}), 2, 3), ShapeError);
        QVERIFY_EXCEPTION_THROWN(head->forward(torch::zeros({1, 7, kWidth}), 2, 3), ShapeError);
        QVERIFY_EXCEPTION_THROWN(head->forward(torch::zeros({6, kWidth}), 2, 3), ShapeError);
        Projection wrong = randomProjection();
        wrong.normBias = torch::zeros({kWidth - 1});
        QVERIFY_EXCEPTION_THROWN((void)makeHead(HeadKind::Adapter, wrong, 1), ShapeError);
        Projection wrongTail = withTail(randomProjection());
        wrongTail.tail.downBias = torch::zeros({kEmbedding - 1});
        QVERIFY_EXCEPTION_THROWN((void)makeHead(HeadKind::Adapter, wrongTail, 1), ShapeError);
        wrongTail.tail.downBias = torch::Tensor();
        QVERIFY_EXCEPTION_THROWN((void)makeHead(HeadKind::Adapter, wrongTail, 1), ShapeError);
    }

    void savedHeadComesBack_data() { kinds_data(); }

    void savedHeadComesBack()
    {
        QFETCH(int, kind);
        const auto head = makeHead(HeadKind(kind), randomProjection(), 5);
        stir(*head);
        HeadInfo info;
        info.checkpoint = "abc";
        info.patchPath = "self-value";
        info.pooling = TagPooling::Mean;
        info.kappa = 0.125;
        info.blend = 0.25;
        info.captionShare = 0.75;
        info.shares = {0.1, 0.2, 0.3};
        saveHead(*head, info, file("head.safetensors"));
        const auto loaded =
            loadHead(file("head.safetensors"), {kWidth, kEmbedding, "abc", "self-value"});
        QCOMPARE(int(loaded.head->kind()), kind);
        QCOMPARE(loaded.info.checkpoint, info.checkpoint);
        QCOMPARE(int(loaded.info.pooling), int(info.pooling));
        QCOMPARE(loaded.info.kappa, info.kappa);
        QCOMPARE(loaded.info.blend, info.blend);
        QCOMPARE(loaded.info.captionShare, info.captionShare);
        QVERIFY(loaded.info.shares == info.shares);
        const auto tokens = torch::randn({2, 6, kWidth});
        QVERIFY(torch::equal(loaded.head->forward(tokens, 2, 3), head->forward(tokens, 2, 3)));
    }

    void refusesAnotherModel()
    {
        (void)savedAdapter();
        const auto whole = file("whole.safetensors");
        QVERIFY_EXCEPTION_THROWN((void)loadHead(whole, {kWidth + 1, kEmbedding, "here"}),
                                 ShapeError);
        QVERIFY_EXCEPTION_THROWN((void)loadHead(whole, {kWidth, kEmbedding + 1, "here"}),
                                 ShapeError);
        const auto message = messageOf([&] {
            (void)loadHead(whole, {kWidth, kEmbedding, "there"});
        });
        QVERIFY(message.contains("trained on another model"));
        const auto path = messageOf([&] {
            (void)loadHead(whole, {kWidth, kEmbedding, "here", "value"});
        });
        QVERIFY(path.contains("patch path \"plain\", not \"value\""));
        QVERIFY(!messageOf([&] { (void)loadHead(file("absent.safetensors")); }).isEmpty());
    }

    void refusesDamagedFilesByName()
    {
        const auto [tensors, metadata] = savedAdapter();
        QVERIFY(refusal(tensors, metadata).isEmpty());

        Tensors fewer(tensors.begin() + 1, tensors.end());
        QVERIFY(refusal(fewer, metadata).contains("is missing"));
        Tensors misshapen = tensors;
        misshapen.front().second = torch::zeros({2, 2});
        QVERIFY(refusal(misshapen, metadata).contains("has shape"));

        QVERIFY(refusal(tensors, {}).contains("not a head"));
        const auto with = [&, all = metadata](const char* key, const nlohmann::json& value) {
            auto changed = all;
            auto json = nlohmann::json::parse(changed.at("tagalign"));
            json[key] = value;
            changed["tagalign"] = json.dump();
            return changed;
        };
        QVERIFY(refusal(tensors, with("kind", "giant")).contains("unknown kind of head \"giant\""));
        QVERIFY(refusal(tensors, with("kind", 7)).contains("incomplete"));
        QVERIFY(refusal(tensors, with("token_width", 1 << 30)).contains("width"));
        QVERIFY(refusal(tensors, with("hidden_width", 0)).contains("hidden width"));
        QVERIFY(refusal(tensors, with("pooling", "most")).contains("unknown pooling \"most\""));
        QVERIFY(refusal(tensors, with("object_share", 1.5)).contains("share"));
        QVERIFY(refusal(tensors, with("tail_width", -1)).contains("a tail of width -1"));
        QVERIFY(refusal(tensors, with("tail_width", 8)).contains("\"pool_bias\" is missing"));
        QVERIFY(refusal(tensors, with("kappa", 0.0)).contains("kappa"));
        auto noJson = metadata;
        noJson["tagalign"] = "{";
        QVERIFY(refusal(tensors, noJson).contains("JSON"));
    }

    void sizesAreComparedBeforeMemoryIsTaken()
    {
        const auto [tensors, metadata] = savedAdapter();
        const auto with = [&, all = metadata](const char* kind, std::int64_t width) {
            auto changed = all;
            auto json = nlohmann::json::parse(changed.at("tagalign"));
            json["kind"] = kind;
            json["token_width"] = width;
            changed["tagalign"] = json.dump();
            return changed;
        };
        // The gated one would be 39 GB of float32.
        QElapsedTimer timer;
        timer.start();
        QVERIFY(refusal(tensors, with("gated-conv", 16384)).contains("has shape"));
        QVERIFY(refusal(tensors, with("adapter", 16384)).contains("has shape"));
        tensor_io::writeSafetensors(file("wide.safetensors"), tensors, with("gated-conv", 16384));
        QVERIFY(messageOf([&] {
                    (void)loadHead(file("wide.safetensors"), {kWidth, kEmbedding});
                }).contains("width 16384"));
        QVERIFY(timer.elapsed() < 2000); // clearing such a head alone takes longer
    }

    void refusesWhatIsNoWeight()
    {
        const auto [tensors, metadata] = savedAdapter();
        for (const auto type : {torch::kInt8, torch::kUInt8, torch::kInt64, torch::kBool}) {
            Tensors integers = tensors;
            integers.front().second = integers.front().second.to(type);
            const QString message = refusal(integers, metadata);
            QVERIFY2(message.contains(integers.front().first.c_str()) &&
                         message.contains("expected floating-point weights"),
                     qPrintable(message));
        }
        Tensors infinite = tensors;
        infinite.front().second = torch::full_like(infinite.front().second, INFINITY);
        QVERIFY(refusal(infinite, metadata).contains("not finite"));
    }

    void masksBlendAndLabel()
    {
        // One patch, two classes: cosines 1 and 0 with the head, 0 and 1 frozen.
        const auto head = torch::tensor({2.0F, 0.0F}).view({1, 1, 2});
        const auto frozen = torch::tensor({0.0F, 3.0F}).view({1, 1, 2});
        const auto masks = softMasks(head, frozen, torch::eye(2), 1, 1, 2, 3);
        const double high = 1.0 / (1.0 + std::exp(-7.5));
        const double low = 1.0 / (1.0 + std::exp(2.5));
        QCOMPARE(masks.sizes(), torch::IntArrayRef({1, 2, 2, 3}));
        QVERIFY(std::abs(masks[0][0][1][2].item<double>() - (0.7 * high + 0.3 * low)) < 1e-6);
        QVERIFY(std::abs(masks[0][1][1][2].item<double>() - (0.3 * high + 0.7 * low)) < 1e-6);
        QVERIFY((labelMap(masks, 0.4) == 1).all().item<bool>());
        QVERIFY((labelMap(masks, 0.99) == 0).all().item<bool>());
        MaskSettings frozenAlone;
        frozenAlone.blend = 1.0;
        QVERIFY(
            (labelMap(softMasks(head, frozen, torch::eye(2), 1, 1, 2, 3, frozenAlone), 0.4) == 2)
                .all()
                .item<bool>());
    }

    void masksRefuseWhatDoesNotFit()
    {
        const auto patches = torch::zeros({1, 4, 2});
        MaskSettings outside;
        outside.blend = 1.5;
        QVERIFY_EXCEPTION_THROWN(
            (void)softMasks(patches, patches, torch::eye(2), 2, 2, 8, 8, outside), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)softMasks(patches, patches, torch::eye(3), 2, 2, 8, 8),
                                 ShapeError);
        QVERIFY_EXCEPTION_THROWN((void)softMasks(patches, patches, torch::eye(2), 2, 3, 8, 8),
                                 ShapeError);
    }

    void agreesWithTheOfficialCode()
    {
        const std::filesystem::path folder = TAGALIGN_SHARED_DATA "/official_method";
        if (!std::filesystem::exists(folder))
            QSKIP("The official method's small case is not on this machine.");
        const tensor_io::SafetensorsFile weights(folder / "weights.safetensors");
        const tensor_io::SafetensorsFile expected(folder / "expected.safetensors");
        const Projection projection{weights.tensor("visual.ln_post.weight").clone(),
                                    weights.tensor("visual.ln_post.bias").clone(),
                                    weights.tensor("visual.proj").clone(), 1e-5};
        const auto head = makeHead(HeadKind::GatedConv, projection, 1);
        torch::NoGradGuard noGrad;
        for (auto& parameter : head->named_parameters()) {
            const std::string name = "projector." + parameter.key();
            if (parameter.key().rfind("net.", 0) == 0)
                parameter.value().copy_(weights.tensor(name));
        }
        const auto tokens = expected.tensor("dense_tokens").slice(1, 1); // without the class token
        const auto patches = head->forward(tokens, 7, 7);
        const auto frozen = project(tokens, projection);
        QVERIFY(largestDifference(frozen, expected.tensor("frozen_patches")) < 1e-4);
        QVERIFY(largestDifference(patches, expected.tensor("head_patches")) < 1e-4);
        QVERIFY(largestDifference(patches, frozen) > 0.1); // the gates are open
        const auto classes = expected.tensor("tag_embeddings").slice(0, 0, 5);
        const auto masks = softMasks(patches, frozen, classes, 7, 7, 112, 112);
        QVERIFY(largestDifference(masks, expected.tensor("masks")) < 1e-4);
    }
};

QTEST_APPLESS_MAIN(TestHeads)
#include "tst_heads.moc"
