import pytest
import torch
from decided_trials import CNN, CONTEXT

from resweep.tasks.arc import models
from resweep.tasks.arc.recipe import make_recipe

FIXED = {"base_width": 8, "ctx_scale": 0.25}


def build(params, fixed=FIXED, side=9):
    torch.manual_seed(0)
    return models.build(make_recipe(params, fixed, side), 9)


def planes(samples=2, demos=3, channels=22, side=9):
    torch.manual_seed(1)
    return torch.rand(samples, demos, channels, side, side)


@pytest.mark.parametrize("params", [CNN, CONTEXT], ids=["cnn", "context"])
@pytest.mark.parametrize("side", [1, 5, 9, 30])
def test_logits_have_a_column_per_category(params, side):
    assert build(params, side=side)(planes(side=side)).shape == (2, 9)


@pytest.mark.parametrize("depth", range(1, 11))
def test_depth_is_really_the_number_of_residual_blocks(depth):
    model = build(CNN | {"depth": depth})
    assert len(model.encoder.blocks) == depth
    model(planes()).sum().backward()
    for block in model.encoder.blocks:
        # the block's last norm starts at 0, so its own weight is the first to learn
        assert block.second_norm.weight.grad.abs().sum() > 0


def test_stages_halve_the_resolution_and_double_the_channels():
    widths = [b.second.out_channels for b in build(CNN | {"depth": 6}).encoder.blocks]
    assert widths == [8, 8, 16, 16, 32, 32]
    strides = [b.first.stride[0] for b in build(CNN | {"depth": 6}).encoder.blocks]
    assert strides == [1, 1, 2, 1, 2, 1]


@pytest.mark.parametrize("layers", [(1, 1), (5, 3)])
def test_context_layers_are_really_that_many(layers):
    pixel, grid = layers
    model = build(CONTEXT | {"ctx_pixel_layers": pixel, "ctx_grid_layers": grid})
    assert (len(model.encoder.pixel_blocks), len(model.encoder.grid_blocks)) == layers


def test_every_weight_of_the_context_encoder_learns():
    model = build(CONTEXT)
    model(planes()).square().sum().backward()
    for name, weight in model.named_parameters():
        # a bias of the score shifts all tokens alike, which softmax ignores
        if name.endswith("score.bias"):
            continue
        assert weight.grad.abs().sum() > 0, name


def test_mean_ignores_the_order_of_demonstrations_and_flatten_does_not():
    x = planes()
    for agg, same in (("mean", True), ("flatten", False)):
        model = build(CNN | {"demo_agg": agg}).eval()
        assert torch.allclose(model(x), model(x.flip(1)), atol=1e-5) == same


def test_coordinates_tell_places_apart():
    found = models.coordinates(torch.zeros(2, 3, 3, 5))
    assert found.shape == (2, 2, 3, 5)
    assert found[0, 0, :, 0].tolist() == [-1, 0, 1]
    assert found[1, 1, 0].tolist() == [-1, -0.5, 0, 0.5, 1]


def test_cosine_similarity_is_bounded_by_the_temperature():
    logits = build(CNN | {"temperature": 5.0})(100 * planes())
    assert logits.abs().max() <= 5.0 + 1e-4


def test_rotary_attention_depends_on_distance_only():
    torch.manual_seed(0)
    query, key = torch.randn(2, 8)
    turned = models.angles(torch.arange(12), 8)
    products = [
        [float((models.rotate(query, turned[i]) * models.rotate(key, turned[j])).sum())
         for j in range(12)] for i in range(12)
    ]  # fmt: skip
    for i in range(8):
        assert products[i][i + 3] == pytest.approx(products[i + 1][i + 4], abs=1e-4)
    assert products[0][3] != pytest.approx(products[0][5], abs=1e-3)


def test_pixel_attention_sees_places(capsys):
    model = build(CONTEXT).eval()
    x = torch.zeros(1, 3, 22, 9, 9)
    x[:, :, 1, 0, 0] = x[:, :, 1, 0, 4] = 1
    y = torch.zeros(1, 3, 22, 9, 9)
    y[:, :, 1, 0, 0] = y[:, :, 1, 8, 7] = 1
    assert not torch.allclose(model(x), model(y), atol=1e-5)


def test_dropout_zeroes_its_share_and_keeps_the_mean():
    torch.manual_seed(0)
    x = torch.ones(301, 333)
    for share in (0.1, 0.5):
        y = models.dropout(x, share, True)
        assert (y == 0).float().mean() == pytest.approx(share, abs=0.01)
        assert y.mean() == pytest.approx(1, abs=0.02) and len(y.unique()) == 2
    assert models.dropout(x, 0.5, False) is x and models.dropout(x, 0.0, True) is x
    assert models.dropout(x.bfloat16(), 0.5, True).dtype == torch.bfloat16
